#include "fleet/sightings.hpp"

#include <set>

namespace renewd::fleet {
namespace {

void note(Revision& seen, BootTime& since, Revision revision, BootTime now) {
  if (seen != revision) {
    seen = revision;
    since = now;
  }
}

// Those whose absence matters.
std::set<MemberName> awaited(const View& view) {
  std::set<MemberName> members;
  if (view.renewal.value && view.renewal.value->claim) {
    members.insert(view.renewal.value->claim->member);
  }
  if (view.rollout.value) {
    for (const auto& holder : view.rollout.value->holders) {
      members.insert(holder.member);
    }
  }
  return members;
}

}  // namespace

void Sightings::saw(const View& view, BootTime now) {
  note(renewal_, renewal_since_, view.renewal.revision, now);
  note(generation_, generation_since_, view.generation.revision, now);
  note(rollout_, rollout_since_, view.rollout.revision, now);
  const auto members = awaited(view);
  std::erase_if(absent_since_,
                [&](const auto& one) { return !members.contains(one.first) || view.is_present(one.first); });
  for (const auto& member : members) {
    if (!view.is_present(member)) {
      absent_since_.try_emplace(member, now);
    }
  }
}

std::optional<std::chrono::nanoseconds> Sightings::absent(const MemberName& member, BootTime now) const {
  const auto since = absent_since_.find(member);
  return since == absent_since_.end() ? std::nullopt : std::optional(now - since->second);
}

}  // namespace renewd::fleet
