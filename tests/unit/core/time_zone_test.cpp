#include "core/time_zone.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "support/catch.hpp"
#include "support/command.hpp"
#include "support/environment_variable.hpp"
#include "support/temporary_directory.hpp"

using namespace renewd;
using namespace std::chrono_literals;
using std::chrono::local_days;
using std::chrono::local_seconds;
using std::chrono::sys_days;
using std::chrono::sys_seconds;

TEST_CASE("a local time stands for one moment, two, or that of a skip") {
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

TEST_CASE("converts a time to local time") {
  const TimeZone paris = TimeZone::find("Europe/Paris").value();
  CHECK(paris.name() == "Europe/Paris");
  CHECK(paris.local(sys_days(2026y / 3 / 29) + 59min) == local_days(2026y / 3 / 29) + 1h + 59min);
  CHECK(paris.local(sys_days(2026y / 3 / 29) + 1h) == local_days(2026y / 3 / 29) + 3h);
  CHECK(paris.local(sys_seconds(-1s)) == local_days(1970y / 1 / 1) + 59min + 59s);
}

TEST_CASE("finds only the zones of the system") {
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

TEST_CASE("the host's zone is the one in TZ") {
  const testing::EnvironmentVariable zone("TZ", "Asia/Kolkata");
  const TimeZone local;
  CHECK(local.name() == "local time");
  CHECK(local.local(sys_days(2026y / 1 / 10)) == local_days(2026y / 1 / 10) + 5h + 30min);
}

namespace {

// The two moments, in seconds since 1970, of every local time in two years that a maintenance window could use.
std::vector<std::pair<sys_seconds, sys_seconds>> moments_of(const TimeZone& zone) {
  std::vector<std::pair<sys_seconds, sys_seconds>> all;
  for (local_seconds reading = local_days(2027y / 1 / 1); reading < local_days(2029y / 1 / 1); reading += 15min) {
    const auto moments = zone.moments(reading);
    all.emplace_back(moments.first, moments.last);
  }
  return all;
}

}  // namespace

TEST_CASE("a rule in TZ is equivalent to the zone with the same rule") {
  struct Case {
    std::string rule;
    std::string zone;
  };
  const auto [rule, zone] = GENERATE(values<Case>({
      {"CET-1CEST,M3.5.0,M10.5.0/3", "Europe/Paris"},
      {"CET-1CEST-2,M3.5.0/2:00:00,M10.5.0/03", "Europe/Paris"},
      {"JST-9", "Asia/Tokyo"},
      {"<+03>-3", "Europe/Istanbul"},
      {"<+0545>-5:45", "Asia/Kathmandu"},
      {"UTC0", "UTC"},
      {"AEST-10AEDT,M10.1.0,M4.1.0/3", "Australia/Sydney"},
      {"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "Australia/Lord_Howe"},
      {"IST-1GMT0,M10.5.0,M3.5.0/1", "Europe/Dublin"},
      {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "America/Nuuk"},
      {"EST5EDT,M3.2.0,M11.1.0", "America/New_York"},
  }));
  CAPTURE(rule);
  const testing::EnvironmentVariable variable("TZ", rule);
  const TimeZone by_rule = TimeZone::of_host().value();
  const TimeZone by_name = TimeZone::find(zone).value();
  CHECK(by_rule.name() == "local time");
  CHECK(moments_of(by_rule) == moments_of(by_name));
  for (sys_seconds moment = sys_days(2027y / 1 / 1); moment < sys_days(2029y / 1 / 1); moment += 30min) {
    if (by_rule.local(moment) != by_name.local(moment)) {
      CAPTURE(moment.time_since_epoch().count());
      CHECK(by_rule.local(moment) == by_name.local(moment));
      break;
    }
  }
}

TEST_CASE("a rule with J does not count 29 February, one without J does") {
  const auto summer_begins = [](const char* rule, std::chrono::sys_days day) {
    const testing::EnvironmentVariable variable("TZ", rule);
    const TimeZone zone = TimeZone::of_host().value();
    const sys_seconds change = sys_seconds(day) + 1h;
    return zone.local(change - 1s) == local_seconds(change.time_since_epoch()) - 1s + 1h &&
           zone.local(change) == local_seconds(change.time_since_epoch()) + 2h;
  };
  CHECK(summer_begins("CET-1CEST,J60,J300", 2027y / 3 / 1));
  CHECK(summer_begins("CET-1CEST,J60,J300", 2028y / 3 / 1));
  CHECK(summer_begins("CET-1CEST,60,300", 2027y / 3 / 2));
  CHECK(summer_begins("CET-1CEST,60,300", 2028y / 3 / 1));
  CHECK(summer_begins("CET-1CEST,M2.5.1/26,J300", 2028y / 2 / 29));
}

TEST_CASE("every form of TZ is supported") {
  struct Case {
    const char* tz;
    std::chrono::seconds ahead;
  };
  for (const auto& [tz, ahead] : std::vector<Case>{{"Europe/Paris", 1h},
                                                   {":Europe/Paris", 1h},
                                                   {"posix/Europe/Paris", 1h},
                                                   {"/usr/share/zoneinfo/Europe/Paris", 1h},
                                                   {":/usr/share/zoneinfo/Europe/Paris", 1h},
                                                   {"EST5EDT", -5h},
                                                   {"UTC+5", -5h},
                                                   {"UTC-5:30", 5h + 30min},
                                                   {"", 0s},
                                                   {":", 0s}}) {
    CAPTURE(tz);
    const testing::EnvironmentVariable variable("TZ", tz);
    const auto zone = TimeZone::of_host();
    REQUIRE(zone.has_value());
    const sys_seconds moment = sys_days(2026y / 1 / 10);
    CHECK(zone->local(moment).time_since_epoch() - moment.time_since_epoch() == ahead);
    CHECK(testing::run_or_throw({"date", "-d", "2026-01-10T00:00:00Z", "+%::z"}) ==
          (ahead < 0s ? "-" : "+") + fmt::format("{:02}:{:02}:00\n", abs(ahead) / 1h, abs(ahead) % 1h / 1min));
  }
}

TEST_CASE("an unknown zone of the host is an error that names it") {
  for (const char* tz : {"Europe/Pari", "Europe", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0", "CET-25", "JST",
                         "J-9", "9", "\"Europe/Paris\"", "Europe/Paris ", "<+03-3", "CET-1CEST,M3.5.0,M10.5.0/168",
                         "/nonexistent", "/etc/hostname", "../Europe/Paris", "libc:localtime", "Fixed/UTC+05:00:00"}) {
    CAPTURE(tz);
    const testing::EnvironmentVariable variable("TZ", tz);
    const auto zone = TimeZone::of_host();
    REQUIRE_FALSE(zone.has_value());
    CHECK_THAT(zone.error(), ContainsSubstring(tz));
    CHECK(TimeZone().local(sys_days(2026y / 7 / 1)) == local_days(2026y / 7 / 1));
  }
}

TEST_CASE("without TZ the zone is that of /etc/localtime: UTC if missing, an error if broken") {
  const testing::EnvironmentVariable variable("TZ", "");
  ::unsetenv("TZ");
  const testing::TemporaryDirectory directory;
  std::filesystem::create_symlink("/usr/share/zoneinfo/Europe/Paris", directory / "good");
  std::filesystem::create_symlink("/usr/share/zoneinfo/Nowhere", directory / "dangling");
  testing::write_file(directory / "damaged", "TZif2");
  testing::write_file(directory / "empty", "");
  CHECK(TimeZone::of_host(directory / "good")->local(sys_days(2026y / 1 / 10)) == local_days(2026y / 1 / 10) + 1h);
  CHECK(TimeZone::of_host(directory / "missing")->local(sys_days(2026y / 1 / 10)) == local_days(2026y / 1 / 10));
  for (const char* file : {"dangling", "damaged", "empty"}) {
    CHECK_THAT(TimeZone::of_host(directory / file).error(), ContainsSubstring(file) && ContainsSubstring("tzdata"));
  }
}

TEST_CASE("a host without zone files has an empty list of zones") {
  const testing::EnvironmentVariable directory("TZDIR", "/nonexistent");
  CHECK(time_zone_names().empty());
}
