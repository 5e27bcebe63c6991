#include "commands/verdict.hpp"

#include <algorithm>

#include "commands/check.hpp"
#include "commands/exit_status.hpp"
#include "core/text.hpp"
#include "standings.hpp"
#include "support/catch.hpp"

using namespace renewd;
using namespace renewd::commands;
using namespace renewd::testing;
using namespace std::chrono_literals;
using installation::Phase;

namespace {

Severity severity_of(const Situation& situation, const Thresholds& thresholds = {}) {
  return judge(standing_in(situation), thresholds, kNow).severity;
}

Threshold at_least(double days) {
  return {.start = days};
}

}  // namespace

TEST_CASE("days left: the renewal window warns, seven days are critical") {
  CHECK(severity_of({.left = 30 * 24h + 1s}) == Severity::ok);
  CHECK(severity_of({.left = 30 * 24h - 1s}) == Severity::warning);
  CHECK(severity_of({.left = 7 * 24h}) == Severity::warning);
  CHECK(severity_of({.left = 7 * 24h - 1s}) == Severity::critical);
  CHECK(severity_of({.left = 0s}) == Severity::critical);
  CHECK(judge(standing_in({.left = -1h}), {}, kNow).days == -1);
  CHECK(judge(standing_in({.left = 25h}), {}, kNow).days == 1);
}

TEST_CASE("a certificate that is not valid yet warns with the clock in its words, and no days are counted") {
  // What a host without a clock of its own finds after a boot: this certificate begins 56 years from now.
  const auto standing = standing_in({.left = 57 * 365 * 24h});
  const auto verdict = judge(standing, {}, kNow);
  CHECK(verdict.severity == Severity::warning);
  CHECK_THAT(verdict.text, ContainsSubstring("this host's clock says " + format_time(kNow)));
  CHECK_FALSE(verdict.days);
  const auto result = check_result({.standings = {standing}, .daemon = std::nullopt}, {}, kNow);
  CHECK(result.status == kWarning);
  CHECK_THAT(result.line, ContainsSubstring("is the clock right?"));
  CHECK_THAT(result.line, ContainsSubstring("days=U;"));
}

TEST_CASE("a window of a few days warns before it is critical") {
  const Situation short_lived{.left = 90h, .life = 7 * 24h, .renew_before = std::chrono::days(4)};
  const auto verdict = judge(standing_in(short_lived), {}, kNow);
  CHECK(verdict.severity == Severity::ok);
  CHECK(verdict.warning == at_least(3.5));  // half of its life
  CHECK(verdict.critical == at_least(1.75));
}

TEST_CASE("thresholds may be given") {
  CHECK(severity_of({.left = 59 * 24h}, {.warning = at_least(60)}) == Severity::warning);
  CHECK(severity_of({.left = 29 * 24h}, {.warning = at_least(10)}) == Severity::ok);
  CHECK(severity_of({.left = 29 * 24h}, {.critical = at_least(30)}) == Severity::critical);
  CHECK(judge(standing_in({}), {.warning = at_least(4)}, kNow).critical == at_least(2));
}

TEST_CASE("a renewal that fails wakes nobody at first, and somebody when it goes on") {
  const auto failing = [](unsigned times, const std::string& error_class) {
    return severity_of({.left = 29 * 24h, .attempts = failed(times, error_class, "words")});
  };
  for (const std::string passes : {"dns", "connect", "proxy", "timeout", "rate_limited", "server_error", "disk"}) {
    INFO(passes);
    CHECK(failing(1, passes) == Severity::warning);
    CHECK(failing(7, passes) == Severity::warning);
    CHECK(failing(8, passes) == Severity::critical);
  }
  for (const std::string mended : {"tls", "unauthorized", "client_error", "bad_answer", "gateway", "unheard-of"}) {
    INFO(mended);
    CHECK(failing(1, mended) == Severity::warning);
    CHECK(failing(2, mended) == Severity::critical);
  }
  CHECK_THAT(judge(standing_in({.left = 29 * 24h, .attempts = failed(2, "unauthorized", "")}), {}, kNow).advice,
             ContainsSubstring("Account Tokens"));
}

TEST_CASE("failures from before somebody else put a new keystore there are history") {
  CHECK(severity_of({.left = 300 * 24h, .attempts = failed(20, "tls", "words")}) == Severity::ok);
  CHECK(severity_of(
            {.left = 300 * 24h, .unfinished = journal_at(Phase::answered), .attempts = failed(20, "tls", "words")}) ==
        Severity::critical);
}

TEST_CASE("a renewed keystore that is not in use yet warns, and is critical when the gateway may be down") {
  CHECK(severity_of({.unfinished = journal_at(Phase::installed)}) == Severity::warning);
  CHECK(severity_of({.unfinished = journal_at(Phase::rolling_back)}) == Severity::warning);
  CHECK(severity_of({.unfinished = journal_at(Phase::installed), .attempts = failed(1, "gateway", "words")}) ==
        Severity::critical);
  CHECK(severity_of({.unfinished = journal_at(Phase::answered), .attempts = failed(1, "gateway", "words")}) ==
        Severity::warning);
}

TEST_CASE("a token that cannot be used warns long before it is needed") {
  auto standing = standing_in({});
  standing.token_problem = "the account token expired at 2026-01-01T00:00:00Z: make a new one";
  const auto verdict = judge(standing, {}, kNow);
  CHECK(verdict.severity == Severity::warning);
  CHECK_THAT(verdict.text, StartsWith("the account token expired at") && EndsWith("312 days left"));
  CHECK_THAT(verdict.advice, ContainsSubstring("Account Tokens"));
}

TEST_CASE("what is in use and expires first counts") {
  auto standing = standing_in({});
  standing.in_use = another_in_use(3 * 24h);
  auto verdict = judge(standing, {}, kNow);
  CHECK(verdict.severity == Severity::critical);
  CHECK(verdict.days == 3);
  CHECK_THAT(verdict.advice, ContainsSubstring("gravitee-renewd activate production"));
  standing.in_use = another_in_use(200 * 24h);
  CHECK(judge(standing, {}, kNow).severity == Severity::warning);
  standing.in_use = another_in_use(400 * 24h);
  verdict = judge(standing, {}, kNow);
  CHECK(verdict.severity == Severity::ok);
  CHECK(verdict.days == 312);
  CHECK(verdict.text == "312 days left, the gateway was last seen with another one");
  CHECK_THAT(verdict.advice, ContainsSubstring("gravitee-renewd activate production"));
}

TEST_CASE("a keystore that cannot be read is critical, and its days are unknown") {
  const auto result = check_result({{unreadable("production")}, std::nullopt}, {}, kNow);
  CHECK(result.status == kCritical);
  CHECK_THAT(result.line, StartsWith("GRAVITEE CERT CRITICAL - production: opening the keystore"));
  CHECK_THAT(result.line, EndsWith("; no daemon is running | days=U;30:;7:\n"));
}

TEST_CASE("check has one datum for each certificate, and the status of the worst") {
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

TEST_CASE("whoever holds the performance data against their own ranges comes to the same state") {
  const auto by_the_data = [](const std::string& line) {
    const auto data = line.substr(line.find("days=") + 5);
    const auto first = data.find(';');
    const auto second = data.find(';', first + 1);
    const double days = std::stod(data.substr(0, first));
    const auto warning = parse_threshold(data.substr(first + 1, second - first - 1));
    const auto critical = parse_threshold(data.substr(second + 1, data.size() - second - 2));
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

TEST_CASE("ranges are read as the plugin guidelines write them, and a plain number is a minimum") {
  struct Case {
    std::string text;
    Threshold expected;
    std::string written;
  };
  for (const Case& c :
       {Case{"30:", at_least(30), "30:"}, Case{"30", at_least(30), "30:"}, Case{"7.5", at_least(7.5), "7.5:"},
        Case{"-5:", at_least(-5), "-5:"}, Case{"~:10", {.end = 10}, "~:10"},
        Case{"5:10", {.start = 5, .end = 10}, "5:10"}, Case{":10", {.start = 0, .end = 10}, "0:10"},
        Case{"@5:10", {.start = 5, .end = 10, .inside = true}, "@5:10"},
        Case{"@10", {.start = 0, .end = 10, .inside = true}, "@0:10"}, Case{"~:", {}, "~:"},
        Case{"007:", at_least(7), "7:"}}) {
    INFO(c.text);
    const auto threshold = parse_threshold(c.text);
    REQUIRE(threshold);
    CHECK(*threshold == c.expected);
    CHECK(to_string(*threshold) == c.written);
  }
  for (const std::string text : {"",    ":",    "@",    "~",   "@~",      "nan",    "inf:",
                                 "1e3", "0x10", "10:5", "5:~", "5:10:20", "30d",    "30%",
                                 " 30", "30 ",  "5,5",  "--5", "1.2.3",   "36501:", "99999999999999999999:"}) {
    INFO(text);
    CHECK_FALSE(parse_threshold(text));
  }
  CHECK(Threshold{.start = 5, .end = 10}.alerts(4.99));
  CHECK_FALSE(Threshold{.start = 5, .end = 10}.alerts(10));
  CHECK(Threshold{.start = 5, .end = 10, .inside = true}.alerts(10));
  CHECK_FALSE(Threshold{}.alerts(-1e9));
}

TEST_CASE("says why a certificate with many days left alerts") {
  const auto verdict = judge(standing_in({}), {.warning = Threshold{.end = 100}}, kNow);
  CHECK(verdict.severity == Severity::warning);
  CHECK(verdict.text == "312 days left, outside ~:100");
}

TEST_CASE("the first line is no longer than NRPE takes, and keeps its performance data") {
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

TEST_CASE("verbosity adds lines, none of which has performance data") {
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
