#include "fleet/situation.hpp"

#include <algorithm>
#include <utility>

#include "fleet/transactions.hpp"

namespace renewd::fleet {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

// For so long the publisher comes first: it is the canary that somebody may be watching.
constexpr std::chrono::seconds kPublisherFirst = 30s;
// Who comes first and does not act for so long is passed over.
constexpr std::chrono::seconds kPassOver = 10s;
// A claimant that is present may only be slow.
constexpr int kPresentClaimant = 24;

template <typename Duration>
Duration at_least_zero(Duration duration) {
  return std::max(duration, Duration(0));
}

}  // namespace

const CertificateRecord* Situation::published() const {
  return view_.generation.value ? &view_.generation.value->header.certificate : nullptr;
}

bool Situation::is_published(const std::optional<CertificateRecord>& certificate) const {
  return certificate && published() != nullptr && certificate->fingerprint == published()->fingerprint;
}

bool Situation::later_than_published(const CertificateRecord& certificate) const {
  return published() == nullptr || is_later(certificate, *published());
}

bool Situation::was_dropped_here() const {
  const auto is_that = [this](const std::string& fingerprint) { return fingerprint == published()->fingerprint; };
  return published() != nullptr && self_.stage == Self::Stage::none && !is_published(self_.installed) &&
         (is_that(self_.local.fingerprint) || is_that(self_.local.declined));
}

bool Situation::published_is_bad() const {
  const Rollout rollout = current_rollout(view_);
  const auto mine = rollout.failed.find(self_.name);
  return was_dropped_here() && rollout.verified.empty() && mine != rollout.failed.end() && mine->second.given_up;
}

bool Situation::expires_soon() const {
  const auto& used = self_.in_use ? self_.in_use : self_.installed;
  return rules_.alone_after > 0s && used && used->not_after - now_.wall < rules_.alone_after;
}

bool Situation::goes_alone_now() const {
  const auto& used = self_.in_use ? self_.in_use : self_.installed;
  const auto at = used ? alone_at(rules_, used->not_after, self_.splay) : std::nullopt;
  return self_.due && at && now_.wall >= *at;
}

nanoseconds Situation::passed_over_after(std::size_t free) const {
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

std::optional<Rollout> Situation::may_take() const {
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

nanoseconds Situation::eighth_left() const {
  const auto& used = self_.in_use ? self_.in_use : self_.installed;
  return used ? at_least_zero(nanoseconds(used->not_after - now_.wall) / 8) : nanoseconds::max();
}

nanoseconds Situation::takeover_after(const Claim& claim) const {
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
