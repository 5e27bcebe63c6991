#include "commands/check.hpp"

#include <algorithm>

#include "commands/exit_status.hpp"
#include "core/text.hpp"
#include "statuses.hpp"
#include "support/catch.hpp"

using namespace renewd;
using namespace renewd::commands;
using namespace renewd::testing;
using namespace std::chrono_literals;
using report::Threshold;
using report::Thresholds;

namespace {

Threshold at_least(double days) {
  return {.start = days};
}

}  // namespace

TEST_CASE("check warns about the clock if the certificate is not valid yet, and counts no days") {
  const auto result = check_result({{standing_in({.left = 57 * 365 * 24h})}, std::nullopt}, {}, kNow);
  CHECK(result.status == kWarning);
  CHECK_THAT(result.line,
             ContainsSubstring("this host's clock says " + format_time(kNow)) && ContainsSubstring("days=U;"));
}

TEST_CASE("a keystore that cannot be read is critical, and its days are unknown") {
  auto standing = unreadable("production");
  standing.run_problem = "no daemon is running";
  const auto result = check_result({{standing}, std::nullopt}, {}, kNow);
  CHECK(result.status == kCritical);
  CHECK_THAT(result.line, StartsWith("GRAVITEE CERT CRITICAL - production: opening the keystore"));
  CHECK_THAT(result.line, EndsWith(", no daemon is running | days=U;30:;7:\n"));
}

TEST_CASE("a keystore that has become unreadable keeps the days that were known") {
  auto standing = unreadable("production");
  standing.attempts.known_not_after = kNow + 40 * 24h;
  const auto result = check_result({{standing}, "run"}, {}, kNow);
  CHECK(result.status == kCritical);
  CHECK_THAT(result.line, ContainsSubstring("expires in 40 days") && EndsWith(" | days=40;30:;7:\n"));
}

TEST_CASE("without a daemon check warns, and does not promise a renewal") {
  auto standing = standing_in({});
  standing.run_problem = "no daemon is running";
  const auto result = check_result({{standing}, std::nullopt}, {}, kNow);
  CHECK(result.status == kWarning);
  CHECK(result.line == "GRAVITEE CERT WARNING - production: no daemon is running, 312 days left | days=312;30:;7:\n");
}

TEST_CASE("check has performance data for each certificate, and the status of the worst") {
  const auto one = check_result({{standing_in({})}, std::nullopt}, {}, kNow);
  CHECK(one.status == kOk);
  CHECK_THAT(one.line, StartsWith("GRAVITEE CERT OK - production: 312 days left") && EndsWith(" | days=312;30:;7:\n"));
  const auto two =
      check_result({{standing_in({}), standing_in({.name = "staging", .left = 12 * 24h})}, "run"}, {}, kNow);
  CHECK(two.status == kWarning);
  CHECK_THAT(two.line, StartsWith("GRAVITEE CERT WARNING - staging: 12 days left") &&
                           EndsWith(" | 'production'=312;30:;7: 'staging'=12;30:;7:\n"));
  CHECK_THAT(check_result({{standing_in({.renew_before = configuration::LifetimeShare{0.25}})}, "run"}, {}, kNow).line,
             EndsWith("days=312;91.25:;7:\n"));
}

TEST_CASE("the performance data lead to the same status as the exit status") {
  const auto by_the_data = [](const std::string& line) {
    const auto data = line.substr(line.find("days=") + 5);
    const auto first = data.find(';');
    const auto second = data.find(';', first + 1);
    const double days = std::stod(data.substr(0, first));
    const auto warning = report::parse_threshold(data.substr(first + 1, second - first - 1));
    const auto critical = report::parse_threshold(data.substr(second + 1, data.size() - second - 2));
    REQUIRE(warning);
    REQUIRE(critical);
    return critical->alerts(days) ? kCritical : warning->alerts(days) ? kWarning : kOk;
  };
  using configuration::LifetimeShare;
  for (const auto& before :
       {configuration::RenewBefore(std::chrono::days(30)), configuration::RenewBefore(LifetimeShare{0.25}),
        configuration::RenewBefore(LifetimeShare{0.33})}) {
    for (const Thresholds& given : {Thresholds{}, Thresholds{.warning = at_least(60.5)},
                                    Thresholds{.critical = Threshold{.start = 5, .end = 100}},
                                    Thresholds{.warning = Threshold{.start = 100, .end = 200, .inside = true}}}) {
      for (int hours = 0; hours < 300 * 24; hours += 5) {
        const auto result = check_result(
            {{standing_in({.left = std::chrono::hours(hours) + 59min, .renew_before = before})}, "run"}, given, kNow);
        INFO(result.line);
        CHECK(result.status == by_the_data(result.line));
      }
    }
  }
}

TEST_CASE("the first line fits into NRPE's limit, with all performance data") {
  Overview many;
  for (int i = 0; i < 15; ++i) {
    many.standings.push_back(standing_in({.name = "production-" + std::to_string(i)}));
  }
  many.standings.push_back(unreadable("broken"));
  const auto result = check_result(many, {}, kNow);
  CHECK(result.line.size() <= 1023);
  CHECK_THAT(result.line, StartsWith("GRAVITEE CERT CRITICAL - broken: ") && ContainsSubstring(" more, OK") &&
                              ContainsSubstring("'broken'=U;30:;7:") &&
                              ContainsSubstring("'production-14'=312;30:;7:"));
  CHECK(result.details.empty());
}

TEST_CASE("verbosity adds lines without performance data") {
  const Overview overview{{standing_in({}), unreadable("staging")}, "run"};
  const auto quiet = check_result(overview, {}, kNow);
  std::size_t lines = 0;
  for (const unsigned verbosity : {1U, 2U}) {
    const auto result = check_result(overview, {}, kNow, verbosity);
    CHECK(result.line == quiet.line);
    CHECK(result.status == quiet.status);
    CHECK_THAT(result.details, ContainsSubstring("OK production: 312 days left") &&
                                   ContainsSubstring("CRITICAL staging: ") && ContainsSubstring("advice: "));
    CHECK(result.details.find('|') == std::string::npos);
    const auto count = static_cast<std::size_t>(std::count(result.details.begin(), result.details.end(), '\n'));
    CHECK(count > lines);
    lines = count;
  }
}
