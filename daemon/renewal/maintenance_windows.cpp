#include "renewal/maintenance_windows.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

namespace renewd::renewal {
namespace {

using configuration::MaintenanceWindow;
using std::chrono::days;
using std::chrono::local_days;
using std::chrono::seconds;
using std::chrono::sys_seconds;
using std::chrono::weekday;

// A window opens every week, or after two weeks if clocks skip it once. Three weeks are certainly enough.
constexpr days kReach{22};

local_days day_of(const MaintenanceWindow& window, sys_seconds moment) {
  return std::chrono::floor<days>(window.timezone.local(moment));
}

// The opening that begins on this day, in the window's time zone; nothing if it does not open then.
std::optional<Opening> opening_on(const MaintenanceWindow& window, seconds offset, local_days day) {
  if (!window.days.test(weekday(day).c_encoding())) {
    return std::nullopt;
  }
  const local_days last_day = window.to <= window.from ? day + days(1) : day;
  const sys_seconds begins = window.timezone.moments(day + window.from).first;
  const sys_seconds ends = window.timezone.moments(last_day + window.to).last;
  const seconds half = (ends - begins) / 2;
  if (half <= seconds(0)) {
    return std::nullopt;
  }
  return Opening{begins + offset % half, ends, &window};
}

std::optional<Opening> next_opening_of(const MaintenanceWindow& window, seconds offset, sys_seconds moment) {
  // Yesterday's may extend past midnight.
  const local_days first_day = day_of(window, moment) - days(1);
  for (local_days day = first_day; day <= first_day + kReach; day += days(1)) {
    const auto opening = opening_on(window, offset, day);
    if (opening && opening->until > moment) {
      return opening;
    }
  }
  return std::nullopt;
}

std::optional<Opening> last_opening_of(const MaintenanceWindow& window, seconds offset, sys_seconds earliest,
                                       sys_seconds before) {
  const local_days last_day = day_of(window, before);
  for (local_days day = last_day; day > last_day - kReach; day -= days(1)) {
    const auto opening = opening_on(window, offset, day);
    if (opening && opening->from < before) {
      return opening->until > earliest ? opening : std::nullopt;
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<Opening> next_opening(const MaintenanceWindows& windows, seconds offset, sys_seconds moment) {
  std::optional<Opening> next;
  for (const MaintenanceWindow& window : windows) {
    const auto opening = next_opening_of(window, offset, moment);
    if (opening && (!next || opening->from < next->from)) {
      next = opening;
    }
  }
  return next;
}

std::optional<Opening> last_opening(const MaintenanceWindows& windows, seconds offset, sys_seconds earliest,
                                    sys_seconds before) {
  std::optional<Opening> last;
  if (before <= earliest) {
    return last;
  }
  for (const MaintenanceWindow& window : windows) {
    const auto opening = last_opening_of(window, offset, earliest, before);
    if (opening && (!last || opening->from > last->from)) {
      last = opening;
    }
  }
  return last;
}

Slot slot_from(const MaintenanceWindows& windows, seconds offset, sys_seconds wanted, sys_seconds latest) {
  const auto opening = next_opening(windows, offset, wanted);
  const sys_seconds at = opening ? std::max(opening->from, wanted) : wanted;
  if (at == wanted || at < latest) {
    return {at, opening ? opening->window : nullptr};
  }
  return {std::max(wanted, latest), nullptr};
}

Slot plan_slot(const MaintenanceWindows& windows, seconds offset, sys_seconds earliest, sys_seconds wanted,
               sys_seconds latest) {
  const Slot slot = slot_from(windows, offset, wanted, latest);
  if (slot.window != nullptr) {
    return slot;
  }
  const auto earlier = last_opening(windows, offset, earliest, std::min(wanted, latest));
  return earlier ? Slot{std::max(earlier->from, earliest), earlier->window} : slot;
}

std::string describe(const Slot& slot) {
  static constexpr std::array<std::string_view, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  const auto& zone = slot.window->timezone;
  const auto reading = zone.local(slot.at);
  const auto day = std::chrono::floor<days>(reading);
  const std::chrono::hh_mm_ss time(reading - day);
  return fmt::format("{} {:02}:{:02} {}", kDays.at(weekday(day).c_encoding()), time.hours().count(),
                     time.minutes().count(), zone.name());
}

}  // namespace renewd::renewal
