// When maintenance windows allow something. Pure. Whether it is due at all is decided in policy.hpp.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "configuration/settings.hpp"

namespace renewd::renewal {

using MaintenanceWindows = std::vector<configuration::MaintenanceWindow>;

// One host's part of one occurrence of a window. `until` is not included.
struct Opening {
  std::chrono::sys_seconds from;
  std::chrono::sys_seconds until;
  const configuration::MaintenanceWindow* window;  // one of those given
};

// The opening that contains `moment`, else the next one; nothing without windows.
//
// `offset` (splay_offset()) determines when, in the first half of every occurrence, the window opens for this host, so
// that not all hosts act in its first second; 0 is the whole window.
//
// Days and times are local to the window's time zone. When clocks are set forward, a window that begins or ends in the
// skipped hour begins or ends at the skip, and one that lies within that hour does not open. When clocks are set back,
// a window that begins or ends in the repeated hour is open from its first beginning to its last end.
std::optional<Opening> next_opening(const MaintenanceWindows& windows, std::chrono::seconds offset,
                                    std::chrono::sys_seconds moment);

// The last opening that overlaps the time from `earliest` until (not including) `before`.
std::optional<Opening> last_opening(const MaintenanceWindows& windows, std::chrono::seconds offset,
                                    std::chrono::sys_seconds earliest, std::chrono::sys_seconds before);

// When to act, and in which window: null without windows, or if they are ignored by then.
struct Slot {
  std::chrono::sys_seconds at;
  const configuration::MaintenanceWindow* window;
};

// The first slot from `wanted` on. Windows are ignored from `latest` on, so the slot is at the later of the two at
// most.
Slot slot_from(const MaintenanceWindows& windows, std::chrono::seconds offset, std::chrono::sys_seconds wanted,
               std::chrono::sys_seconds latest);

// The same for something that may be done early, but not before `earliest`: if no window opens between `wanted` and
// `latest`, it takes the last one before them.
Slot plan_slot(const MaintenanceWindows& windows, std::chrono::seconds offset, std::chrono::sys_seconds earliest,
               std::chrono::sys_seconds wanted, std::chrono::sys_seconds latest);

// "Sat 02:14 Europe/Paris". The slot must be in a window.
std::string describe(const Slot& slot);

}  // namespace renewd::renewal
