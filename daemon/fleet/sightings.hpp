// Since when a host has seen what it sees in the fleet. Durations are measured by this host alone, with a clock that
// nobody sets and that goes on in suspend: the times that others wrote decide nothing.
#pragma once

#include <chrono>
#include <map>
#include <optional>

#include "fleet/view.hpp"

namespace renewd::fleet {

// CLOCK_BOOTTIME.
using BootTime = std::chrono::nanoseconds;

class Sightings {
 public:
  void saw(const View& view, BootTime now);

  // How long the view has had these revisions.
  std::chrono::nanoseconds renewal_unchanged(BootTime now) const { return now - renewal_since_; }
  std::chrono::nanoseconds generation_unchanged(BootTime now) const { return now - generation_since_; }
  std::chrono::nanoseconds rollout_unchanged(BootTime now) const { return now - rollout_since_; }
  // How long a claimant or holder has been absent, without a break; nothing while it is present.
  std::optional<std::chrono::nanoseconds> absent(const MemberName& member, BootTime now) const;

 private:
  Revision renewal_ = -1;
  Revision generation_ = -1;
  Revision rollout_ = -1;
  BootTime renewal_since_{0};
  BootTime generation_since_{0};
  BootTime rollout_since_{0};
  std::map<MemberName, BootTime> absent_since_;
};

}  // namespace renewd::fleet
