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

// After a request of another host failed, however little is left.
constexpr std::chrono::minutes kLeastWait{1};
constexpr std::string_view kConflict = "another process has this host's name in the fleet (fleet.etcd.host)";

bool contains(const std::vector<MemberName>& names, const MemberName& name) {
  return std::ranges::find(names, name) != names.end();
}

// No version of this program has written it: it is replaced.
bool is_damaged(const auto& versioned) {
  return versioned.refused &&
         (versioned.refused->refusal == Refusal::tampered || versioned.refused->refusal == Refusal::too_large);
}

// One decision: a line of decide() each.
class Deciding : Situation {
 public:
  Deciding(const Situation& situation, const std::string& id) : Situation(situation), id_(id) {}

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

  const std::string& id_;
};

Step Deciding::wait(MemberState state, std::string reason, TimePoint at) const {
  return {.act = Act::wait, .at = std::max(at, now_.wall), .state = state, .reason = std::move(reason)};
}

Step Deciding::wait_for(MemberState state, std::string reason, nanoseconds time) const {
  return wait(state, std::move(reason), now_.wall + std::chrono::ceil<std::chrono::milliseconds>(std::max(time, 0ns)));
}

Step Deciding::write(Act act, MemberState state, Rollout rollout) const {
  return {.act = act, .state = state, .rollout = std::move(rollout)};
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
  return Deciding(Situation(view, sightings, self, rules, now), id).decide();
}

}  // namespace renewd::fleet
