#include "commands/verdict.hpp"

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

}  // namespace

TEST_CASE("days left: the renewal window warns, seven days are critical") {
  CHECK(severity_of({.left = 30 * 24h + 1s}) == Severity::ok);
  CHECK(severity_of({.left = 30 * 24h}) == Severity::warning);
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
  CHECK(verdict.warning == 3.5);  // half of its life
  CHECK(verdict.critical == 1.75);
}

TEST_CASE("thresholds may be given") {
  CHECK(severity_of({.left = 59 * 24h}, {.warning = 60}) == Severity::warning);
  CHECK(severity_of({.left = 29 * 24h}, {.warning = 10}) == Severity::ok);
  CHECK(severity_of({.left = 29 * 24h}, {.critical = 30}) == Severity::critical);
  CHECK(judge(standing_in({}), {.warning = 4}, kNow).critical == 2);
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
  CHECK_THAT(result.line, EndsWith("; no daemon is running | days=U;30;7\n"));
}

TEST_CASE("check has one datum for each certificate, and the status of the worst") {
  const auto one = check_result({{standing_in({})}, std::nullopt}, {}, kNow);
  CHECK(one.status == kOk);
  CHECK_THAT(one.line, StartsWith("GRAVITEE CERT OK - production: 312 days left") && EndsWith(" | days=312;30;7\n"));
  const auto two =
      check_result({{standing_in({}), standing_in({.name = "staging", .left = 12 * 24h})}, "run"}, {}, kNow);
  CHECK(two.status == kWarning);
  CHECK_THAT(two.line, StartsWith("GRAVITEE CERT WARNING - staging: 12 days left") &&
                           EndsWith(" | 'production'=312;30;7 'staging'=12;30;7\n"));
  CHECK_THAT(check_result({{standing_in({.renew_before = configuration::LifetimeShare{0.25}})}, "run"}, {}, kNow).line,
             EndsWith("days=312;91.25;7\n"));
}
