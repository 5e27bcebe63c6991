// When something may be done that maintenance windows restrict. Pure: moments in, moments out. Why it is to be done at
// all is policy.hpp's.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "configuration/settings.hpp"

namespace renewd::renewal {

using MaintenanceWindows = std::vector<configuration::MaintenanceWindow>;

// One host's part of one occurrence of a window: up to and without `until`.
struct Opening {
  std::chrono::sys_seconds from;
  std::chrono::sys_seconds until;
  const configuration::MaintenanceWindow* window;  // one of those given
};

// The opening that holds `moment`, else the next one; nothing when there are no windows.
//
// `offset` (splay_offset()) gives each host a place in the first half of every occurrence, at which it opens for that
// host, so that a fleet that waits for a window does not act in its first second; 0 is the whole of it.
//
// Days and times are those that the clocks of the window's zone show. A window that begins or ends within the hour that
// clocks skip begins or ends at the skip, and does not open at all when it lies wholly within it; one that begins or
// ends within the hour that clocks show twice is open from its first beginning to its last end.
std::optional<Opening> next_opening(const MaintenanceWindows& windows, std::chrono::seconds offset,
                                    std::chrono::sys_seconds moment);

// The last opening that holds a moment from `earliest` on and before `before`.
std::optional<Opening> last_opening(const MaintenanceWindows& windows, std::chrono::seconds offset,
                                    std::chrono::sys_seconds earliest, std::chrono::sys_seconds before);

// A moment to act at, and the window that it lies in: null when there are no windows, or they are ignored by then.
struct Slot {
  std::chrono::sys_seconds at;
  const configuration::MaintenanceWindow* window;
};

// The first slot from `wanted` on. From `latest` on windows are ignored, so it is never later than the later of the
// two.
Slot slot_from(const MaintenanceWindows& windows, std::chrono::seconds offset, std::chrono::sys_seconds wanted,
               std::chrono::sys_seconds latest);

// The same for what may also be done before it is wanted, but not before `earliest`: when no window comes between
// `wanted` and `latest`, the last one before them is better than none.
Slot plan_slot(const MaintenanceWindows& windows, std::chrono::seconds offset, std::chrono::sys_seconds earliest,
               std::chrono::sys_seconds wanted, std::chrono::sys_seconds latest);

// "Sat 02:14 Europe/Paris", for people. The slot lies in a window.
std::string describe(const Slot& slot);

}  // namespace renewd::renewal
