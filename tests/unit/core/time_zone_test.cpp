#include "core/time_zone.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "support/catch.hpp"
#include "support/environment_variable.hpp"

using namespace renewd;
using namespace std::chrono_literals;
using std::chrono::local_days;
using std::chrono::local_seconds;
using std::chrono::sys_days;
using std::chrono::sys_seconds;

TEST_CASE("a wall-clock reading stands for one moment, for two, or for that of a skip") {
  struct Case {
    std::string what;
    std::string zone;
    local_seconds reading;
    sys_seconds first;
    sys_seconds last;
  };
  const auto [what, zone, reading, first, last] = GENERATE(values<Case>({
      {"winter", "Europe/Paris", local_days(2026y / 1 / 10) + 2h, sys_days(2026y / 1 / 10) + 1h,
       sys_days(2026y / 1 / 10) + 1h},
      {"summer", "Europe/Paris", local_days(2026y / 7 / 10) + 2h, sys_days(2026y / 7 / 10), sys_days(2026y / 7 / 10)},
      {"skipped", "Europe/Paris", local_days(2026y / 3 / 29) + 2h + 30min, sys_days(2026y / 3 / 29) + 1h,
       sys_days(2026y / 3 / 29) + 1h},
      {"shown twice", "Europe/Paris", local_days(2026y / 10 / 25) + 2h + 30min, sys_days(2026y / 10 / 25) + 30min,
       sys_days(2026y / 10 / 25) + 1h + 30min},
      {"a zone of half an hour", "Asia/Kolkata", local_days(2026y / 1 / 10) + 2h, sys_days(2026y / 1 / 9) + 20h + 30min,
       sys_days(2026y / 1 / 9) + 20h + 30min},
      {"a whole day skipped", "Pacific/Apia", local_days(2011y / 12 / 30) + 12h, sys_days(2011y / 12 / 30) + 10h,
       sys_days(2011y / 12 / 30) + 10h},
      {"beyond the table of the zone's file", "Europe/Paris", local_days(2060y / 7 / 10) + 2h, sys_days(2060y / 7 / 10),
       sys_days(2060y / 7 / 10)},
      {"before 1970", "UTC", local_days(1960y / 1 / 1), sys_days(1960y / 1 / 1), sys_days(1960y / 1 / 1)},
  }));
  CAPTURE(what);
  const auto moments = TimeZone::find(zone).value().moments(reading);
  CHECK(moments.first == first);
  CHECK(moments.last == last);
}

TEST_CASE("a zone tells what its clocks show") {
  const TimeZone paris = TimeZone::find("Europe/Paris").value();
  CHECK(paris.name() == "Europe/Paris");
  CHECK(paris.local(sys_days(2026y / 3 / 29) + 59min) == local_days(2026y / 3 / 29) + 1h + 59min);
  CHECK(paris.local(sys_days(2026y / 3 / 29) + 1h) == local_days(2026y / 3 / 29) + 3h);
  CHECK(paris.local(sys_seconds(-1s)) == local_days(1970y / 1 / 1) + 59min + 59s);
}

TEST_CASE("only names of the system's zones are zones") {
  for (const char* name : {"UTC", "Etc/GMT+5", "America/Argentina/Buenos_Aires", "America/Port-au-Prince"}) {
    CAPTURE(name);
    CHECK(TimeZone::find(name).has_value());
  }
  for (const char* name : {"", "Europe/Pari", "europe/paris", "Europe", "/etc/localtime", "../../../etc/localtime",
                           "Fixed/UTC+05:00:00", "libc:localtime", "UTC+5", "zone.tab", "Europe/Paris\n"}) {
    CAPTURE(name);
    CHECK_FALSE(TimeZone::find(name).has_value());
  }
  const auto names = time_zone_names();
  CHECK(std::count(names.begin(), names.end(), "Europe/Paris") == 1);
  CHECK(std::count(names.begin(), names.end(), "UTC") == 1);
}

TEST_CASE("the host's own zone is the one of TZ") {
  const testing::EnvironmentVariable zone("TZ", "Asia/Kolkata");
  const TimeZone local;
  CHECK(local.name() == "local time");
  CHECK(local.local(sys_days(2026y / 1 / 10)) == local_days(2026y / 1 / 10) + 5h + 30min);
}

TEST_CASE("a host without zone files has no zones, and says so by an empty list") {
  const testing::EnvironmentVariable directory("TZDIR", "/nonexistent");
  CHECK(time_zone_names().empty());
}
