// Time zones and maintenance windows. The first byte of the input says how many windows there are; then, for each, its
// days (a bit each), the minutes at which it begins and ends, and its time zone; then the host's offset, a moment, and
// two distances in time. The rest is a rule for TZ.
#include <cstdlib>

#include "core/text.hpp"
#include "core/time_zone.hpp"
#include "input.hpp"
#include "renewal/maintenance_windows.hpp"

namespace {

using namespace renewd;
using namespace renewd::renewal;
using renewd::fuzz::expect;
using std::chrono::days;
using std::chrono::local_seconds;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_seconds;

constexpr std::uint64_t kLongest = 400UL * 86400;  // of the distances from a moment

// With the strangest rules: half an hour, winter time in summer, two hours, a day that was skipped, permanent changes.
constexpr std::array kZones{"UTC",
                            "Europe/Paris",
                            "Europe/Dublin",
                            "America/New_York",
                            "Australia/Lord_Howe",
                            "Pacific/Apia",
                            "Antarctica/Troll",
                            "Africa/Casablanca",
                            "Pacific/Kiritimati",
                            "Atlantic/Azores",
                            "Asia/Tehran",
                            "America/Sao_Paulo",
                            "Asia/Pyongyang",
                            "Europe/Istanbul",
                            "Pacific/Kwajalein",
                            "Asia/Manila",
                            "America/Scoresbysund",
                            "Antarctica/Casey",
                            "Africa/Monrovia",
                            "Asia/Kathmandu",
                            "Pacific/Chatham",
                            "America/St_Johns",
                            "Asia/Gaza",
                            "Europe/Volgograd"};

const TimeZone& zone_number(std::uint8_t number) {
  static const auto zones = [] {
    std::vector<TimeZone> found;
    found.reserve(kZones.size());
    for (const char* name : kZones) {
      found.push_back(TimeZone::find(name).value_or(*TimeZone::find("UTC")));
    }
    return found;
  }();
  return zones[number % zones.size()];
}

seconds offset_at(const TimeZone& zone, sys_seconds moment) {
  return zone.local(moment).time_since_epoch() - moment.time_since_epoch();
}

bool has_change(const TimeZone& zone, sys_seconds from, sys_seconds to) {
  for (sys_seconds at = from; at < to; at += std::chrono::hours(1)) {
    if (offset_at(zone, at) != offset_at(zone, from)) {
      return true;
    }
  }
  return offset_at(zone, to) != offset_at(zone, from);
}

// A moment is one of those that its own reading stands for, and a reading that no clock shows is skipped by one.
void expect_consistent(const TimeZone& zone, sys_seconds moment) {
  const local_seconds reading = zone.local(moment);
  const auto of_reading = zone.moments(reading);
  expect(of_reading.first <= of_reading.last && (of_reading.first == moment || of_reading.last == moment));
  expect(zone.local(of_reading.first) == reading && zone.local(of_reading.last) == reading);
  for (const auto distance : {minutes(-60), minutes(-30), minutes(30), minutes(60)}) {
    const local_seconds near = reading + distance;
    const auto found = zone.moments(near);
    const bool shown = zone.local(found.first) == near;
    expect(found.first <= found.last && shown == (zone.local(found.last) == near));
    expect(shown || (found.first == found.last && zone.local(found.first) > near &&
                     zone.local(found.first - seconds(1)) < near));
  }
}

configuration::MaintenanceWindow window_from(fuzz::Input& input) {
  constexpr unsigned kDay = 24 * 60;
  configuration::MaintenanceWindow window{.timezone = zone_number(0)};
  const std::uint8_t chosen = input.byte() & 0x7FU;
  window.days = chosen == 0 ? 0x7F : chosen;
  window.from = minutes(input.number(2) % kDay);
  window.to = minutes(input.number(2) % (kDay + 1));
  if (window.to == window.from) {
    window.to += minutes(1);
  }
  window.timezone = zone_number(input.byte());
  return window;
}

// Whether the window's own clock shows a time within the window, on one of its days.
bool shows_window(const configuration::MaintenanceWindow& window, sys_seconds moment) {
  const local_seconds reading = window.timezone.local(moment);
  const auto today = std::chrono::floor<days>(reading);
  const auto time = reading - today;
  const auto on = [&window](std::chrono::local_days day) {
    return window.days.test(std::chrono::weekday(day).c_encoding());
  };
  if (window.from < window.to) {
    return on(today) && time >= window.from && time < window.to;
  }
  return (on(today) && time >= window.from) || (on(today - days(1)) && time < window.to);
}

void expect_inside(const Opening& opening, sys_seconds moment) {
  expect(opening.from <= moment && moment < opening.until);
  if (!has_change(opening.window->timezone, opening.from - days(1), opening.until + days(1))) {
    expect(shows_window(*opening.window, moment));
  }
}

bool same(const std::optional<Opening>& one, const Opening& other) {
  return one && one->from == other.from && one->until == other.until && one->window == other.window;
}

void check_openings(const MaintenanceWindows& windows, seconds offset, sys_seconds moment, seconds distance) {
  const auto next = next_opening(windows, offset, moment);
  expect(next.has_value());
  // Never in the past, and not later than windows can be away: two weeks, if a zone skips a day.
  expect(next->until > moment && next->from < next->until && next->from < moment + days(22));
  expect_inside(*next, std::max(next->from, moment));
  expect_inside(*next, next->until - seconds(1));
  // Nothing opens until then.
  if (next->from > moment) {
    expect(same(next_opening(windows, offset, moment + distance % (next->from - moment)), *next));
    expect(same(next_opening(windows, offset, next->from - seconds(1)), *next));
  }
  // The same question asked backwards.
  const sys_seconds before = moment + distance + seconds(1);
  const auto last = last_opening(windows, offset, moment, before);
  expect(last.has_value() == (next->from < before));
  if (last) {
    expect(last->from < before && last->until > moment && last->from >= next->from);
  }
}

void check_slots(const MaintenanceWindows& windows, seconds offset, sys_seconds wanted, seconds early, seconds late) {
  const sys_seconds earliest = wanted - early;
  const sys_seconds latest = wanted + late;
  const auto expect_slot = [&](const Slot& slot, sys_seconds from) {
    expect(slot.at >= from && slot.at <= std::max(wanted, latest));
    if (slot.window != nullptr) {
      const auto opening = next_opening({*slot.window}, offset, slot.at);
      expect(opening && opening->from <= slot.at && slot.at < opening->until);
      const std::string text = describe(slot);
      expect(escaped(text) == text);
    }
  };
  const Slot slot = slot_from(windows, offset, wanted, latest);
  expect_slot(slot, wanted);
  expect(slot.window != nullptr || slot.at == latest);
  const Slot planned = plan_slot(windows, offset, earliest, wanted, latest);
  expect_slot(planned, earliest);
  // Early only where no window opens in time.
  expect(planned.at >= wanted || slot.window == nullptr);
}

void check_rule(const std::string& text, sys_seconds moment) {
  if (text.find('\0') != std::string::npos || !is_time_zone_rule(text)) {
    return;
  }
  ::setenv("TZ", text.c_str(), 1);
  const auto zone = TimeZone::of_host();
  expect(zone.has_value());
  const local_seconds reading = zone->local(moment);
  // POSIX allows 24 hours and 59 minutes, and an hour more for summer time.
  const seconds distance = reading.time_since_epoch() - moment.time_since_epoch();
  expect(distance <= std::chrono::hours(26) && distance >= -std::chrono::hours(26));
  const auto found = zone->moments(reading);
  expect(found.first <= found.last);
  const configuration::MaintenanceWindow window{.timezone = *zone};
  const auto next = next_opening({window}, seconds(0), moment);
  expect(next && next->until > moment);
  ::unsetenv("TZ");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(fuzz::text_of(data, size));
  MaintenanceWindows windows;
  for (int left = input.byte() % 4 + 1; left > 0; --left) {
    windows.push_back(window_from(input));
  }
  const seconds offset(input.number(3));
  // As far as the clock reaches, but the last months.
  const sys_seconds moment(seconds(input.number(5) % 9'200'000'000));
  const seconds early(input.number(4) % kLongest);
  const seconds late(input.number(4) % kLongest);
  for (const auto& window : windows) {
    expect_consistent(window.timezone, moment);
  }
  check_openings(windows, offset, moment, late);
  check_slots(windows, offset, moment, early, late);
  check_rule(std::string(input.rest().substr(0, 100)), moment);
  return 0;
}
