#include "fleet/decide.hpp"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/text.hpp"
#include "fleet/transactions.hpp"
#include "state/fleet_status.hpp"

namespace renewd::fleet {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

// For so long the publisher comes first: it is the canary that somebody may be watching.
constexpr std::chrono::seconds kPublisherFirst = 30s;
// Who comes first and does not act for so long is passed over.
constexpr std::chrono::seconds kPassOver = 10s;
// After a request of another host failed, however little is left.
constexpr std::chrono::minutes kLeastWait{1};
constexpr std::string_view kConflict = "another process has this host's name in the fleet (fleet.etcd.host)";
// A claimant that is present may only be slow.
constexpr int kPresentClaimant = 24;

bool contains(const std::vector<MemberName>& names, const MemberName& name) {
  return std::ranges::find(names, name) != names.end();
}

// No version of this program has written it: it is replaced.
bool is_damaged(const auto& versioned) {
  return versioned.refused &&
         (versioned.refused->refusal == Refusal::tampered || versioned.refused->refusal == Refusal::too_large);
}

template <typename Duration>
Duration at_least_zero(Duration duration) {
  return std::max(duration, Duration(0));
}

// One decision: its inputs, and the questions that the lines of decide() ask.
class Deciding {
 public:
  Deciding(const View& view, const Sightings& sightings, const Self& self, const Rules& rules, const std::string& id,
           Now now)
      : view_(view), sightings_(sightings), self_(self), rules_(rules), id_(id), now_(now) {}

  Step decide() const;

 private:
  // Each of these is one line of the decision; nothing: the next line decides.
  std::optional<Step> apart_from_fleet() const;
  std::optional<Step> unfinished() const;
  std::optional<Step> outcome() const;
  std::optional<Step> publish() const;
  std::optional<Step> own_claim() const;
  std::optional<Step> adopt() const;
  std::optional<Step> turn() const;
  std::optional<Step> request() const;
  Step rest() const;
  std::optional<Step> lost_holder() const;
  std::optional<Step> repaired() const;

  Step wait(MemberState state, std::string reason, TimePoint at) const;
  Step wait_for(MemberState state, std::string reason, nanoseconds time) const;
  Step write(Act act, MemberState state, Rollout rollout) const;

  // Of a host that has nothing to do.
  MemberState idle() const { return is_published(self_.installed) ? MemberState::current : MemberState::apart; }
  const CertificateRecord* published() const;
  bool is_published(const std::optional<CertificateRecord>& certificate) const;
  bool later_than_published(const CertificateRecord& certificate) const;
  // What is published was here, and was rolled back or given up.
  bool was_dropped_here() const;
  // Nobody's gateway runs with what is published, and this one has tried often enough.
  bool published_is_bad() const;
  bool may_write() const { return !self_.conflict && !self_.other_key; }
  bool expires_soon() const;
  // The same, spread over the hosts, for one that can take no part.
  bool goes_alone_now() const;
  std::size_t limit(const Rollout& rollout) const { return rollout.verified.empty() ? 1 : rules_.restart_at_once; }
  std::optional<Rollout> may_take() const;
  nanoseconds passed_over_after(std::size_t free) const;
  nanoseconds eighth_left() const;
  nanoseconds takeover_after(const Claim& claim) const;

  const View& view_;
  const Sightings& sightings_;
  const Self& self_;
  const Rules& rules_;
  const std::string& id_;
  Now now_;
};

Step Deciding::wait(MemberState state, std::string reason, TimePoint at) const {
  return {.act = Act::wait, .at = std::max(at, now_.wall), .state = state, .reason = std::move(reason)};
}

Step Deciding::wait_for(MemberState state, std::string reason, nanoseconds time) const {
  return wait(state, std::move(reason), now_.wall + std::chrono::ceil<std::chrono::milliseconds>(at_least_zero(time)));
}

Step Deciding::write(Act act, MemberState state, Rollout rollout) const {
  return {.act = act, .state = state, .rollout = std::move(rollout)};
}

const CertificateRecord* Deciding::published() const {
  return view_.generation.value ? &view_.generation.value->header.certificate : nullptr;
}

bool Deciding::is_published(const std::optional<CertificateRecord>& certificate) const {
  return certificate && published() != nullptr && certificate->fingerprint == published()->fingerprint;
}

bool Deciding::later_than_published(const CertificateRecord& certificate) const {
  return published() == nullptr || is_later(certificate, *published());
}

bool Deciding::was_dropped_here() const {
  const auto is_that = [this](const std::string& fingerprint) { return fingerprint == published()->fingerprint; };
  return published() != nullptr && self_.stage == Self::Stage::none && !is_published(self_.installed) &&
         (is_that(self_.local.fingerprint) || is_that(self_.local.declined));
}

bool Deciding::published_is_bad() const {
  const Rollout rollout = current_rollout(view_);
  const auto mine = rollout.failed.find(self_.name);
  return was_dropped_here() && rollout.verified.empty() && mine != rollout.failed.end() && mine->second.given_up;
}

Step Deciding::decide() const {
  using Line = std::optional<Step> (Deciding::*)() const;
  constexpr Line kLines[] = {
      &Deciding::apart_from_fleet, &Deciding::unfinished, &Deciding::outcome, &Deciding::publish,
      &Deciding::own_claim,        &Deciding::adopt,      &Deciding::turn,    &Deciding::request};
  std::optional<Step> step;
  for (const Line line : kLines) {
    step = (this->*line)();
    if (step) {
      break;
    }
  }
  if (!step) {
    step = rest();
  }
  if (step->act == Act::wait && self_.takes_part) {
    if (auto repair = repaired()) {
      return *repair;
    }
  }
  if (step->act == Act::wait && self_.takes_part && !self_.conflict) {
    if (auto other = lost_holder()) {
      if (other->act != Act::wait) {
        return *other;
      }
      step->at = std::min(step->at, other->at);
    }
  }
  return *step;
}

// A certificate that is not renewed here only finishes what was begun by hand.
std::optional<Step> Deciding::apart_from_fleet() const {
  if (self_.takes_part) {
    return std::nullopt;
  }
  // A claim or a turn that it still has must not block the other hosts.
  const bool has_turn = current_rollout(view_).holder(self_.name) != nullptr && !view_.rollout.refused;
  if (has_turn && self_.stage != Self::Stage::installed && !self_.conflict) {
    return write(Act::report, MemberState::apart, released(current_rollout(view_), self_.name));
  }
  if (auto ended = own_claim()) {
    return ended;
  }
  if (self_.stage != Self::Stage::none && self_.in_window && !self_.delayed) {
    return Step{.act = Act::deploy, .state = MemberState::apart};
  }
  return wait(idle(), "`renew: never`: this host takes no part", self_.schedule_next);
}

// A gateway that is down must come up, in turn or not.
std::optional<Step> Deciding::unfinished() const {
  if (self_.stage != Self::Stage::installed) {
    return std::nullopt;
  }
  const Rollout rollout = current_rollout(view_);
  const bool halts =
      self_.gateway_down && rollout.holder(self_.name) != nullptr && !rollout.halt && !view_.rollout.refused;
  if (halts && !self_.conflict) {
    Step step = write(Act::halt, MemberState::failed, halted(rollout, {HaltReason::failed, self_.name, now_.wall}));
    step.reason = *self_.gateway_down;
    return step;
  }
  if (self_.delayed) {
    return wait(MemberState::failed, self_.gateway_down.value_or("an activation failed"), self_.schedule_next);
  }
  return Step{.act = Act::deploy, .state = MemberState::turn};
}

// How its turn ended, from what is on the disk; also that a gateway runs with the certificate without any turn.
std::optional<Step> Deciding::outcome() const {
  if (self_.conflict || view_.rollout.refused || view_.generation.refused) {
    return std::nullopt;
  }
  const Rollout rollout = current_rollout(view_);
  const Holder* holder = rollout.holder(self_.name);
  const bool uses_it = self_.stage == Self::Stage::none && is_published(self_.installed) && is_published(self_.in_use);
  const bool unknown = !contains(rollout.verified, self_.name) || rollout.failed.contains(self_.name) ||
                       contains(rollout.lost, self_.name);
  if (uses_it && (holder != nullptr || unknown)) {
    return write(Act::report, MemberState::current, verified(rollout, self_.name));
  }
  if (holder == nullptr) {
    return std::nullopt;
  }
  const bool of_another = holder->generation != rollout.generation;
  if (self_.stage == Self::Stage::answered && !of_another && self_.rolled_back > self_.local.rolled_back) {
    return write(
        Act::report, MemberState::failed,
        failed(rollout, self_.name, {"the gateway did not run with the certificate, and was rolled back", now_.wall}));
  }
  if (!of_another && was_dropped_here()) {
    return write(Act::report, MemberState::failed,
                 failed(rollout, self_.name, {"the gateway did not run with the certificate", now_.wall, true}));
  }
  const bool has_use = self_.stage == Self::Stage::answered && is_published(self_.answer) && self_.in_window &&
                       !self_.delayed && !of_another;
  const bool not_judged = self_.stage == Self::Stage::answered && !self_.answer && !self_.delayed;
  if (has_use || not_judged) {
    return std::nullopt;
  }
  return write(Act::report, MemberState::ready, released(rollout, self_.name));
}

std::optional<Step> Deciding::publish() const {
  if (self_.stage == Self::Stage::answered && !self_.answer) {
    if (auto ended = self_.delayed ? own_claim() : std::nullopt) {
      return ended;
    }
    return self_.delayed ? wait(MemberState::ready, "the stored answer is checked again later", self_.schedule_next)
                         : Step{.act = Act::judge};
  }
  const bool can = may_write() && (!view_.generation.refused || is_damaged(view_.generation));
  if (self_.stage == Self::Stage::answered) {
    if (is_published(self_.answer)) {
      return std::nullopt;
    }
    if (!later_than_published(*self_.answer)) {
      return Step{.act = Act::set_aside};
    }
    if (can) {
      return Step{.act = Act::publish, .state = MemberState::leading};
    }
    return expires_soon() && self_.in_window && !self_.delayed
               ? Step{.act = Act::deploy, .state = MemberState::alone}
               : wait(MemberState::ready, "this host cannot publish the certificate that it has", self_.schedule_next);
  }
  const bool is_known = self_.installed && self_.installed->fingerprint == self_.local.fingerprint;
  if (can && is_known && !self_.unpublishable && later_than_published(*self_.installed)) {
    return Step{.act = Act::publish, .state = MemberState::current};
  }
  return std::nullopt;
}

// Nothing of this member is under way when decide() is called.
std::optional<Step> Deciding::own_claim() const {
  if (!view_.renewal.value || !view_.renewal.value->claim || view_.renewal.value->claim->member != self_.name ||
      self_.conflict) {
    return std::nullopt;
  }
  std::optional<FailedRequest> failure = self_.request_failed;
  if (!failure && self_.last_request && *self_.last_request >= view_.renewal.value->claim->at) {
    failure = {self_.name, "timeout", "the daemon ended before the response to its request", now_.wall};
  }
  Step step{.act = Act::end_claim};
  step.renewal = claim_ended(view_, failure, failure ? self_.retry_delay : 0s);
  return step;
}

std::optional<Step> Deciding::adopt() const {
  if (published() == nullptr || self_.stage != Self::Stage::none || !self_.installed ||
      !is_later(*published(), *self_.installed) || was_dropped_here()) {
    return std::nullopt;
  }
  if (self_.unable && goes_alone_now()) {
    return Step{.act = Act::go_alone, .state = MemberState::alone};
  }
  if (self_.unable) {
    return wait(MemberState::unable, *self_.unable, std::min(self_.schedule_next, self_.unable_until));
  }
  return Step{.act = Act::adopt, .state = MemberState::ready};
}

bool Deciding::expires_soon() const {
  const auto& used = self_.in_use ? self_.in_use : self_.installed;
  return rules_.alone_after > 0s && used && used->not_after - now_.wall < rules_.alone_after;
}

bool Deciding::goes_alone_now() const {
  const auto& used = self_.in_use ? self_.in_use : self_.installed;
  const auto at = used ? alone_at(rules_, used->not_after, self_.splay) : std::nullopt;
  return self_.due && at && now_.wall >= *at;
}

// How long those before this member in the queue have until they are passed over. `free`: turns that can be taken.
nanoseconds Deciding::passed_over_after(std::size_t free) const {
  std::size_t before = 0;
  const MemberName& publisher = view_.generation.value->header.published_by;
  const bool publisher_first = sightings_.generation_unchanged(now_.boot) < kPublisherFirst;
  const auto rank = [&](const MemberName& name) { return std::pair(!(publisher_first && name == publisher), name); };
  for (const auto& [name, member] : view_.members) {
    if (name != self_.name && member.value && member.value->state == MemberState::waiting &&
        rank(name) < rank(self_.name)) {
      ++before;
    }
  }
  const std::size_t too_many = before < free ? 0 : before - free + 1;
  const auto since = std::min(sightings_.rollout_unchanged(now_.boot), sightings_.generation_unchanged(now_.boot));
  return at_least_zero(nanoseconds(kPassOver) * static_cast<std::int64_t>(too_many) - since);
}

// The roll-out in which this member may take a turn, apart from the queue.
std::optional<Rollout> Deciding::may_take() const {
  Rollout rollout = current_rollout(view_);
  if (expires_soon()) {
    std::erase_if(rollout.holders, [&](const Holder& holder) {
      // Absent, down, or at work for too long: better a risky restart than a certain outage.
      const bool is_down =
          rollout.halt && rollout.halt->reason == HaltReason::failed && rollout.halt->member == holder.member;
      const bool is_stuck = sightings_.rollout_unchanged(now_.boot) >= nanoseconds(rules_.lost_after);
      return holder.member != self_.name &&
             (is_down || is_stuck || sightings_.absent(holder.member, now_.boot) >= nanoseconds(rules_.lost_after));
    });
  }
  const auto mine = rollout.failed.find(self_.name);
  const bool by_operator = rollout.halt && rollout.halt->reason == HaltReason::by_operator;
  if (mine != rollout.failed.end() && !expires_soon()) {
    // It may have been its own fault: it tries again, alone.
    return rollout.holders.empty() && !by_operator && !mine->second.given_up ? std::optional(rollout) : std::nullopt;
  }
  if (rollout.halt && !expires_soon()) {
    return std::nullopt;
  }
  return rollout.holders.size() < limit(rollout) ? std::optional(rollout) : std::nullopt;
}

std::optional<Step> Deciding::turn() const {
  if (self_.stage != Self::Stage::answered) {
    return std::nullopt;
  }
  const Rollout rollout = current_rollout(view_);
  if (rollout.holder(self_.name) != nullptr && !self_.conflict) {
    return Step{.act = Act::deploy, .state = MemberState::turn};  // otherwise outcome() has released it
  }
  const auto mine = rollout.failed.find(self_.name);
  const bool has_failed = mine != rollout.failed.end();
  const MemberState without_turn = has_failed ? MemberState::failed : MemberState::ready;
  if (self_.conflict || view_.rollout.refused) {
    // Then no turn can be taken, but that must not be an outage.
    return expires_soon() && self_.in_window && !self_.delayed
               ? Step{.act = Act::deploy, .state = MemberState::alone}
               : wait(without_turn,
                      self_.conflict ? std::string(kConflict)
                                     : "the roll-out cannot be read: " + view_.rollout.refused->message,
                      self_.schedule_next);
  }
  if (contains(rollout.lost, self_.name)) {
    return write(Act::return_back, without_turn, returned(rollout, self_.name));
  }
  if (!self_.in_window || self_.delayed) {
    return wait(without_turn, has_failed ? mine->second.message : "a renewed certificate is ready to be installed",
                self_.schedule_next);
  }
  auto possible = may_take();
  if (!possible) {
    Step step = wait(has_failed ? without_turn : MemberState::waiting, why_no_turn(rollout), self_.schedule_next);
    const auto until_stuck = nanoseconds(rules_.lost_after) - sightings_.rollout_unchanged(now_.boot);
    if (expires_soon() && until_stuck > 0ns) {
      step.at = std::min(step.at, wait_for(step.state, "", until_stuck).at);
    }
    return step;
  }
  const std::size_t most = limit(rollout);
  const std::size_t free = most > possible->holders.size() ? most - possible->holders.size() : 1;
  const nanoseconds pause = expires_soon() || has_failed ? 0ns : passed_over_after(free);
  if (pause > 0ns) {
    return wait_for(MemberState::waiting, "another host comes first", pause);
  }
  return write(Act::take, MemberState::turn,
               taken(std::move(*possible), {self_.name, rollout.generation, id_, now_.wall}));
}

// The closer the certificate's end is, the less time may pass.
nanoseconds Deciding::eighth_left() const {
  const auto& used = self_.in_use ? self_.in_use : self_.installed;
  return used ? at_least_zero(nanoseconds(used->not_after - now_.wall) / 8) : nanoseconds::max();
}

// How long a claim must have stood still before another one replaces it. Less, the closer the certificate's end is.
nanoseconds Deciding::takeover_after(const Claim& claim) const {
  const nanoseconds eighth = eighth_left();
  // A request that still counts on its claim has ended by then.
  const nanoseconds least =
      nanoseconds(rules_.request_timeout) + std::max(nanoseconds(rules_.request_timeout), nanoseconds(kClaimIsFresh));
  const nanoseconds absent = std::max(std::min(nanoseconds(rules_.takeover_after), eighth), least);
  const nanoseconds present = std::max(std::min(kPresentClaimant * nanoseconds(rules_.takeover_after), eighth), least);
  const nanoseconds unchanged = sightings_.renewal_unchanged(now_.boot);
  const auto gone = sightings_.absent(claim.member, now_.boot);
  const nanoseconds left = present - unchanged;
  return at_least_zero(gone ? std::min(left, absent - std::min(*gone, unchanged)) : left);
}

std::optional<Step> Deciding::request() const {
  const bool nothing_to_follow =
      published() == nullptr || (self_.installed && !is_later(*published(), *self_.installed)) || published_is_bad();
  if (!self_.due || self_.stage != Self::Stage::none) {
    return std::nullopt;
  }
  // What cannot be parsed is replaced: the transaction compares its revision.
  const auto is_foreign = [](const auto& versioned) { return versioned.refused && !is_damaged(versioned); };
  if (!may_write() || is_foreign(view_.renewal) || is_foreign(view_.generation) || !nothing_to_follow) {
    return goes_alone_now() ? std::optional(Step{.act = Act::go_alone, .state = MemberState::alone}) : std::nullopt;
  }
  const RenewalRecord renewal = view_.renewal.value.value_or(RenewalRecord());
  if (renewal.claim) {
    const nanoseconds left = takeover_after(*renewal.claim);
    if (left > 0ns) {
      return wait_for(idle(), fmt::format("{} requests a certificate", renewal.claim->member), left);
    }
  } else if (const auto left = std::min(nanoseconds(renewal.wait), std::max(eighth_left(), nanoseconds(kLeastWait))) -
                               sightings_.renewal_unchanged(now_.boot);
             left > 0ns) {
    return wait_for(idle(),
                    fmt::format("the fleet's last request failed{}; trying again later",
                                renewal.failed ? " (" + renewal.failed->failure_class + ")" : ""),
                    left);
  }
  Step step{.act = Act::request, .state = MemberState::leading};
  step.renewal = claimed(view_, {id_, self_.name, now_.wall});
  const auto& requests = step.renewal->requests;  // of the last day, with this one
  if (requests.size() > rules_.requests_per_day) {
    return wait(idle(), fmt::format("the fleet has reached its limit of {} requests a day", rules_.requests_per_day),
                std::max(requests[requests.size() - 1 - rules_.requests_per_day] + 24h, now_.wall + 1s));
  }
  return step;
}

Step Deciding::rest() const {
  const Rollout rollout = current_rollout(view_);
  if (!self_.conflict && !view_.rollout.refused && contains(rollout.lost, self_.name) &&
      rollout.holder(self_.name) == nullptr) {
    return write(Act::return_back, MemberState::ready, returned(rollout, self_.name));
  }
  if (self_.conflict) {
    return wait(MemberState::apart, std::string(kConflict), self_.schedule_next);
  }
  if (was_dropped_here()) {
    const bool failed = rollout.failed.contains(self_.name);
    return wait(failed ? MemberState::failed : MemberState::apart, "the published certificate was rolled back here",
                self_.schedule_next);
  }
  const bool has_own = published() != nullptr && self_.installed && !is_published(self_.installed);
  return wait(idle(), has_own ? "the installed certificate is not the fleet's" : "", self_.schedule_next);
}

// A register that cannot be parsed is written again. Who had a turn is then unknown: an operator lets the roll-out go
// on.
std::optional<Step> Deciding::repaired() const {
  if (!may_write()) {
    return std::nullopt;
  }
  if (is_damaged(view_.renewal)) {
    Step step{.act = Act::end_claim};
    step.renewal = RenewalRecord();
    return step;
  }
  if (is_damaged(view_.rollout)) {
    return write(Act::halt, MemberState::ready,
                 halted(current_rollout(view_), {HaltReason::by_operator, self_.name, now_.wall}));
  }
  return std::nullopt;
}

// A holder that is absent for too long; or, to wait for, when one will be.
std::optional<Step> Deciding::lost_holder() const {
  if (view_.rollout.refused || !view_.rollout.value) {
    return std::nullopt;
  }
  const Rollout& rollout = *view_.rollout.value;
  std::optional<Step> next;
  for (const Holder& holder : rollout.holders) {
    const auto gone = sightings_.absent(holder.member, now_.boot);
    if (holder.member == self_.name || !gone || contains(rollout.lost, holder.member)) {
      continue;
    }
    if (*gone >= rules_.lost_after) {
      Step step = write(Act::halt, MemberState::current, lost(rollout, holder.member, now_.wall));
      step.reason = fmt::format("{} has not been seen for {}", holder.member, format_duration(rules_.lost_after));
      return step;
    }
    const Step later = wait_for(MemberState::current, "", rules_.lost_after - *gone);
    if (!next || later.at < next->at) {
      next = later;
    }
  }
  return next;
}

}  // namespace

std::string why_no_turn(const Rollout& rollout) {
  if (rollout.halt) {
    return "the restarts are halted " + state::halted_by(to_string(rollout.halt->reason), rollout.halt->member);
  }
  if (rollout.holders.empty()) {
    return "its turn comes later";
  }
  const std::string& first = rollout.holders.front().member;
  const std::size_t others = rollout.holders.size() - 1;
  return others == 0 ? fmt::format("its turn comes after {}, which restarts now", first)
                     : fmt::format("its turn comes after {} and {} other{}, which restart now", first, others,
                                   others == 1 ? "" : "s");
}

Step decide(const View& view, const Sightings& sightings, const Self& self, const Rules& rules, const std::string& id,
            Now now) {
  return Deciding(view, sightings, self, rules, id, now).decide();
}

std::optional<TimePoint> alone_at(const Rules& rules, TimePoint in_use_until, double splay) {
  if (rules.alone_after == 0s) {
    return std::nullopt;
  }
  const auto before = std::chrono::duration<double>(rules.alone_after) * (1 - splay / 2);
  return in_use_until - std::chrono::duration_cast<TimePoint::duration>(before);
}

bool goes_alone(const Rules& rules, nanoseconds unreachable, TimePoint in_use_until, double splay, TimePoint now) {
  const auto at = alone_at(rules, in_use_until, splay);
  return at && unreachable >= kUnreachableBeforeAlone && now >= *at;
}

}  // namespace renewd::fleet
