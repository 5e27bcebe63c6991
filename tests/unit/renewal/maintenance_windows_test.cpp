#include "renewal/maintenance_windows.hpp"

#include <random>

#include "core/text.hpp"
#include "renewal/policy.hpp"
#include "support/catch.hpp"
#include "windows.hpp"

using namespace renewd;
using namespace renewd::renewal;
using namespace std::chrono_literals;
using std::chrono::days;
using std::chrono::seconds;
using std::chrono::sys_seconds;
using testing::utc;
using testing::window;

namespace {

std::string text_of(const std::optional<Opening>& opening) {
  return opening ? format_time(opening->from) + " to " + format_time(opening->until) : "never";
}

std::string text_of(const std::string& from, const std::string& until) {
  return text_of(Opening{utc(from), utc(until), nullptr});
}

std::string text_of(const Slot& slot) {
  return format_time(slot.at) + (slot.window != nullptr ? " in a window" : " without one");
}

}  // namespace

TEST_CASE("a window opens by the local time of its zone") {
  struct Case {
    std::string why;
    std::string window;
    std::string moment;
    std::string from;
    std::string until;
  };
  const auto [why, text, moment, from, until] = GENERATE(values<Case>({
      {"it is open", "sat 02:00-05:00 Europe/Paris", "2026-01-10 02:00", "2026-01-10 01:00", "2026-01-10 04:00"},
      {"its first second", "sat 02:00-05:00 Europe/Paris", "2026-01-10 01:00", "2026-01-10 01:00", "2026-01-10 04:00"},
      {"the second before", "sat 02:00-05:00 Europe/Paris", "2026-01-10 00:59:59", "2026-01-10 01:00",
       "2026-01-10 04:00"},
      {"its last second", "sat 02:00-05:00 Europe/Paris", "2026-01-10 03:59:59", "2026-01-10 01:00",
       "2026-01-10 04:00"},
      {"its end is outside", "sat 02:00-05:00 Europe/Paris", "2026-01-10 04:00", "2026-01-17 01:00",
       "2026-01-17 04:00"},
      {"the nearest of two days", "sat sun 02:00-05:00 Europe/Paris", "2026-01-10 12:00", "2026-01-11 01:00",
       "2026-01-11 04:00"},
      {"every day", "02:00-05:00 UTC", "2026-01-13 06:00", "2026-01-14 02:00", "2026-01-14 05:00"},
      {"the whole day", "wed UTC", "2026-01-13 06:00", "2026-01-14 00:00", "2026-01-15 00:00"},
      {"winter time", "mon 09:00-10:00 America/New_York", "2026-01-12 00:00", "2026-01-12 14:00", "2026-01-12 15:00"},
      {"summer time", "mon 09:00-10:00 America/New_York", "2026-07-13 00:00", "2026-07-13 13:00", "2026-07-13 14:00"},
      {"summer time after 2037", "mon 09:00-10:00 America/New_York", "2046-07-09 00:00", "2046-07-09 13:00",
       "2046-07-09 14:00"},
      {"the zone's Saturday is still Friday in UTC", "sat 02:00-03:00 Asia/Kolkata", "2026-01-09 12:00",
       "2026-01-09 20:30", "2026-01-09 21:30"},
      {"the zone's Friday is already Saturday in UTC", "fri 22:00-23:00 America/New_York", "2026-01-09 12:00",
       "2026-01-10 03:00", "2026-01-10 04:00"},

      {"midnight: Monday's part of Sunday's", "sun 22:00-02:00 Europe/Paris", "2026-01-11 23:30", "2026-01-11 21:00",
       "2026-01-12 01:00"},
      {"midnight: Saturday's night is not Sunday's", "sun 22:00-02:00 Europe/Paris", "2026-01-10 23:30",
       "2026-01-11 21:00", "2026-01-12 01:00"},
      {"midnight: up to it, as 24:00", "sun 22:00-24:00 Europe/Paris", "2026-01-11 12:00", "2026-01-11 21:00",
       "2026-01-11 23:00"},
      {"midnight: up to it, as 00:00", "sun 22:00-00:00 Europe/Paris", "2026-01-11 12:00", "2026-01-11 21:00",
       "2026-01-11 23:00"},
      {"midnight: of a year", "thu 23:00-01:00 UTC", "2027-01-01 00:30", "2026-12-31 23:00", "2027-01-01 01:00"},
      {"a leap day", "tue 02:00-03:00 UTC", "2028-02-28 12:00", "2028-02-29 02:00", "2028-02-29 03:00"},
      {"midnight: after a leap day", "tue 23:00-01:00 UTC", "2028-03-01 00:30", "2028-02-29 23:00", "2028-03-01 01:00"},
      {"a year without one", "mon 02:00-03:00 UTC", "2027-02-28 12:00", "2027-03-01 02:00", "2027-03-01 03:00"},

      {"spring: wholly skipped, a week later", "sun 02:00-03:00 Europe/Paris", "2026-03-28 12:00", "2026-04-05 00:00",
       "2026-04-05 01:00"},
      {"spring: skipped on one of all days", "02:00-03:00 Europe/Paris", "2026-03-28 12:00", "2026-03-30 00:00",
       "2026-03-30 01:00"},
      {"spring: begins within the skip", "sun 02:30-04:00 Europe/Paris", "2026-03-28 12:00", "2026-03-29 01:00",
       "2026-03-29 02:00"},
      {"spring: ends within the skip", "sun 01:00-02:30 Europe/Paris", "2026-03-28 12:00", "2026-03-29 00:00",
       "2026-03-29 01:00"},
      {"spring: around the skip, an hour less", "sun 01:00-04:00 Europe/Paris", "2026-03-28 12:00", "2026-03-29 00:00",
       "2026-03-29 02:00"},
      {"spring: another date in America", "sun 02:00-03:00 America/New_York", "2026-03-07 12:00", "2026-03-15 06:00",
       "2026-03-15 07:00"},
      {"spring: a skip of midnight", "fri 00:00-01:00 Africa/Cairo", "2026-04-23 12:00", "2026-04-30 21:00",
       "2026-04-30 22:00"},
      {"spring: a day that begins with a skip", "fri Africa/Cairo", "2026-04-23 12:00", "2026-04-23 22:00",
       "2026-04-24 21:00"},
      {"spring: a skip of half an hour", "sun 02:00-02:20 Australia/Lord_Howe", "2026-10-03 00:00", "2026-10-10 15:00",
       "2026-10-10 15:20"},
      {"spring: around a skip of half an hour", "sun 02:00-03:00 Australia/Lord_Howe", "2026-10-03 00:00",
       "2026-10-03 15:30", "2026-10-03 16:00"},

      {"autumn: both showings", "sun 02:00-03:00 Europe/Paris", "2026-10-24 12:00", "2026-10-25 00:00",
       "2026-10-25 02:00"},
      {"autumn: the second showing is within", "sun 02:00-03:00 Europe/Paris", "2026-10-25 01:30", "2026-10-25 00:00",
       "2026-10-25 02:00"},
      {"autumn: begins in the hour shown twice", "sun 02:30-04:00 Europe/Paris", "2026-10-24 12:00", "2026-10-25 00:30",
       "2026-10-25 03:00"},
      {"autumn: ends in the hour shown twice", "sun 01:00-02:30 Europe/Paris", "2026-10-24 12:00", "2026-10-24 23:00",
       "2026-10-25 01:30"},
      {"autumn: another date in America", "sun 01:30-02:30 America/New_York", "2026-10-31 12:00", "2026-11-01 05:30",
       "2026-11-01 07:30"},

      {"a Friday that never was", "fri Pacific/Apia", "2011-12-28 12:00", "2012-01-05 10:00", "2012-01-06 10:00"},
      {"into a Friday that never was", "thu 22:00-02:00 Pacific/Apia", "2011-12-28 12:00", "2011-12-30 08:00",
       "2011-12-30 10:00"},
      {"out of a Friday that never was", "fri 22:00-02:00 Pacific/Apia", "2011-12-28 12:00", "2011-12-30 10:00",
       "2011-12-30 12:00"},
  }));
  CAPTURE(why, text, moment);
  const MaintenanceWindows windows{window(text)};
  CHECK(text_of(next_opening(windows, 0s, utc(moment))) == text_of(from, until));
}

TEST_CASE("several windows are open when one of them is") {
  const MaintenanceWindows windows{window("sat 02:00-05:00 Europe/Paris"), window("wed 22:00-23:00 UTC"),
                                   window("sat 04:00-06:00 Europe/Paris")};
  CHECK(text_of(next_opening(windows, 0s, utc("2026-01-10 06:00"))) == text_of("2026-01-14 22:00", "2026-01-14 23:00"));
  CHECK(text_of(next_opening(windows, 0s, utc("2026-01-14 23:00"))) == text_of("2026-01-17 01:00", "2026-01-17 04:00"));
  CHECK(text_of(next_opening(windows, 0s, utc("2026-01-17 04:30"))) == text_of("2026-01-17 03:00", "2026-01-17 05:00"));
  CHECK_FALSE(next_opening({}, 0s, utc("2026-01-10 02:00")).has_value());
}

TEST_CASE("the last opening is the one nearest before a moment") {
  const MaintenanceWindows windows{window("sat 02:00-05:00 UTC"), window("wed 22:00-02:00 UTC")};
  struct Case {
    std::string why;
    std::string earliest;
    std::string before;
    std::string expected;
  };
  const auto [why, earliest, before, expected] = GENERATE(values<Case>({
      {"of two", "2026-01-01 00:00", "2026-01-16 00:00", text_of("2026-01-14 22:00", "2026-01-15 02:00")},
      {"of the other", "2026-01-01 00:00", "2026-01-14 00:00", text_of("2026-01-10 02:00", "2026-01-10 05:00")},
      {"still open", "2026-01-01 00:00", "2026-01-10 03:00", text_of("2026-01-10 02:00", "2026-01-10 05:00")},
      {"not the one that begins then", "2026-01-01 00:00", "2026-01-10 02:00",
       text_of("2026-01-07 22:00", "2026-01-08 02:00")},
      {"begun too early, but it goes on", "2026-01-15 01:00", "2026-01-16 00:00",
       text_of("2026-01-14 22:00", "2026-01-15 02:00")},
      {"over too early", "2026-01-15 02:00", "2026-01-17 02:00", "never"},
      {"an empty span", "2026-01-10 03:00", "2026-01-10 03:00", "never"},
      {"a span backwards", "2026-01-10 04:00", "2026-01-10 03:00", "never"},
  }));
  CAPTURE(why);
  CHECK(text_of(last_opening(windows, 0s, utc(earliest), utc(before))) == expected);
}

TEST_CASE("a fleet spreads over the first half of a window, and never past it") {
  const MaintenanceWindows windows{window("sat 02:00-05:00 UTC")};
  const auto place = [&](seconds offset) {
    return next_opening(windows, offset, utc("2026-01-09 00:00"))->from - utc("2026-01-10 02:00");
  };
  CHECK(place(0s) == 0s);
  CHECK(place(1h) == 1h);
  CHECK(place(90min - 1s) == 90min - 1s);
  CHECK(place(90min) == 0s);
  CHECK(place(23h) == 30min);
  // What a host waits for is its place; what it has missed of the window is not made up for.
  CHECK(next_opening(windows, 1h, utc("2026-01-10 02:30"))->from == utc("2026-01-10 03:00"));
  CHECK(next_opening(windows, 1h, utc("2026-01-10 04:59"))->from == utc("2026-01-10 03:00"));

  int early = 0;
  constexpr int kHosts = 1000;
  for (int host = 0; host < kHosts; ++host) {
    const seconds at = place(splay_offset("host-" + std::to_string(host), "production", 24h));
    REQUIRE(at >= 0s);
    REQUIRE(at < 90min);
    early += at < 45min ? 1 : 0;
  }
  CHECK(early > kHosts * 4 / 10);
  CHECK(early < kHosts * 6 / 10);
}

TEST_CASE("a window of one minute has room for every host") {
  const MaintenanceWindows windows{window("sat 02:00-02:01 UTC")};
  for (const seconds offset : {0s, 29s, 30s, 86399s}) {
    const auto opening = next_opening(windows, offset, utc("2026-01-09 00:00")).value();
    CHECK(opening.from >= utc("2026-01-10 02:00"));
    CHECK(opening.from < utc("2026-01-10 02:00:30"));
  }
}

TEST_CASE("a slot is the first moment in a window, or the moment from which windows are ignored") {
  const MaintenanceWindows windows{window("sat 02:00-05:00 UTC")};  // 2026-01-10, 17, 24, 31
  struct Case {
    std::string why;
    std::string wanted;
    std::string latest;
    std::string from;  // slot_from
    std::string plan;  // plan_slot, from 2026-01-12 12:00 on
  };
  const auto [why, wanted, latest, from, plan] = GENERATE(values<Case>({
      {"wanted within a window", "2026-01-17 03:00", "2026-02-01 00:00", "2026-01-17T03:00:00Z in a window",
       "the same"},
      {"the next window", "2026-01-14 00:00", "2026-02-01 00:00", "2026-01-17T02:00:00Z in a window", "the same"},
      {"a second too late for one", "2026-01-17 05:00", "2026-02-01 00:00", "2026-01-24T02:00:00Z in a window",
       "the same"},
      {"the next begins too late, one went before", "2026-01-19 00:00", "2026-01-23 00:00",
       "2026-01-23T00:00:00Z without one", "2026-01-17T02:00:00Z in a window"},
      {"the next begins just then", "2026-01-19 00:00", "2026-01-24 02:00", "2026-01-24T02:00:00Z without one",
       "2026-01-17T02:00:00Z in a window"},
      {"none before either", "2026-01-14 00:00", "2026-01-16 00:00", "2026-01-16T00:00:00Z without one", "the same"},
      {"wanted when windows are ignored", "2026-01-15 00:00", "2026-01-14 00:00", "2026-01-15T00:00:00Z without one",
       "the same"},
      {"the same, but one went before", "2026-01-26 00:00", "2026-01-20 00:00", "2026-01-26T00:00:00Z without one",
       "2026-01-17T02:00:00Z in a window"},
      {"the same, but one is open", "2026-01-17 03:00", "2026-01-14 00:00", "2026-01-17T03:00:00Z in a window",
       "the same"},
      {"ignored before anything may be done", "2026-01-15 00:00", "2026-01-11 00:00",
       "2026-01-15T00:00:00Z without one", "the same"},
  }));
  CAPTURE(why);
  CHECK(text_of(slot_from(windows, 0s, utc(wanted), utc(latest))) == from);
  CHECK(text_of(plan_slot(windows, 0s, utc("2026-01-12 12:00"), utc(wanted), utc(latest))) ==
        (plan == "the same" ? from : plan));
}

TEST_CASE("an earlier window that is already open is used from the earliest moment on") {
  const MaintenanceWindows windows{window("sat 02:00-05:00 UTC")};
  CHECK(text_of(plan_slot(windows, 0s, utc("2026-01-10 04:00"), utc("2026-01-12 00:00"), utc("2026-01-16 00:00"))) ==
        "2026-01-10T04:00:00Z in a window");
}

TEST_CASE("without windows the slot is the wanted moment") {
  CHECK(text_of(plan_slot({}, 1h, utc("2026-01-10 00:00"), utc("2026-01-12 00:00"), utc("2026-01-16 00:00"))) ==
        "2026-01-12T00:00:00Z without one");
}

TEST_CASE("a slot is described in the local time of its window") {
  const auto paris = window("sat 02:00-05:00 Europe/Paris");
  CHECK(describe({utc("2026-07-11 00:05"), &paris}) == "Sat 02:05 Europe/Paris");
  const auto samoa = window("sat 02:00-05:00 Pacific/Apia");
  CHECK(describe({utc("2026-01-09 13:05"), &samoa}) == "Sat 02:05 Pacific/Apia");
}

TEST_CASE("without clock changes, a window is open when the local time says so") {
  const std::vector<std::string> zones{"Europe/Paris",        "America/New_York", "Asia/Kolkata", "Pacific/Apia",
                                       "Australia/Lord_Howe", "America/St_Johns", "Africa/Cairo", "UTC"};
  for (unsigned seed = 1; seed <= 2000; ++seed) {
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    const auto up_to = [&](int most) { return std::uniform_int_distribution<int>(0, most)(random); };
    configuration::MaintenanceWindow made = window(zones[static_cast<std::size_t>(up_to(7))]);
    made.days = std::bitset<7>(static_cast<unsigned>(1 + up_to(126)));
    made.from = std::chrono::minutes(up_to(1439));
    made.to = std::chrono::minutes(up_to(1440));
    const sys_seconds moment = utc("2024-01-01 00:00") + seconds(up_to(20 * 365 * 86400));
    const auto reading = made.timezone.local(moment);
    const bool steady = made.timezone.local(moment + days(2)) - made.timezone.local(moment - days(2)) == days(4);
    if (made.from == made.to || !steady) {
      continue;
    }
    const auto day = std::chrono::floor<days>(reading);
    const auto on = [&](days ago) { return made.days.test(std::chrono::weekday(day - ago).c_encoding()); };
    const seconds time = reading - day;
    const bool open = made.from < made.to ? on(days(0)) && time >= made.from && time < made.to
                                          : (on(days(0)) && time >= made.from) || (on(days(1)) && time < made.to);
    const auto next = next_opening({made}, 0s, moment).value();
    CHECK((next.from <= moment) == open);
    CHECK(next.until > moment);
    CHECK(next.from < moment + days(8));
  }
}
