#include "monitoring/next_step.hpp"

#include "assessment_cases.hpp"
#include "support/catch.hpp"
#include "unit/renewal/windows.hpp"

using namespace renewd;
using namespace renewd::monitoring;
using namespace renewd::testing;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::hours kDay = 24h;

std::string next_in(const Situation& situation) {
  return next_step(standing_in(situation), kNow);
}

}  // namespace

TEST_CASE("the page says what comes next, when, and why not earlier") {
  CHECK(
      next_in({}) ==
      "The daemon renews the certificate at 2027-09-02 09:12 UTC, in 282 days; the renewal window opens at 2027-09-02 "
      "06:00 UTC.");
  CHECK(next_in({.left = 30 * kDay}) ==
        "The daemon renews the certificate at 2026-11-24 09:12 UTC, in 3 h 12 min; the renewal window is open, and "
        "then it "
        "is this host's turn.");
  CHECK(next_in({.left = 20 * kDay, .renew_windows = {window("sun 02:00-05:00 Europe/Paris")}}) ==
        "The daemon renews the certificate at 2026-11-29 01:12 UTC, in 4 days; the maintenance window is Sun 02:12 "
        "Europe/Paris.");
  CHECK(next_in({.left = 28 * kDay,
                 .activate_windows = {window("sun 02:00-05:00 Europe/Paris")},
                 .unfinished = journal_at(state::Phase::answered)}) ==
        "The daemon installs the renewed certificate at 2026-11-29 01:12 UTC, in 4 days; the maintenance window is Sun "
        "02:12 Europe/Paris.");
}

TEST_CASE("what is due happens now, whatever was said at the last check") {
  CHECK(next_in({.left = 29 * kDay}) == "The daemon renews the certificate now.");
  CHECK(next_in({.left = -3 * kDay}) == "The daemon renews the certificate now.");
  CHECK(next_step(standing_in({}), kNow + 283 * kDay) == "The daemon renews the certificate now.");
  CHECK(next_in({.left = 28 * kDay, .activate_windows = {window("sun 02:00-05:00 Europe/Paris")}}) ==
        "The daemon requests a certificate now, and installs it when `activate_windows` allow it.");
}

TEST_CASE("a failure is followed by the time of the next attempt, and what that does") {
  Situation failing{.left = 29 * kDay, .attempts = failed(2, "tls", "message")};
  CHECK(next_in(failing) == "The daemon tries again at 2026-11-24 06:42 UTC, in 42 min: it renews the certificate.");
  failing.unfinished = journal_at(state::Phase::rolling_back);
  CHECK(next_in(failing) ==
        "The daemon tries again at 2026-11-24 06:42 UTC, in 42 min: it restores the previous keystore.");
}

TEST_CASE("the page says what the daemon is doing at the gateway") {
  const auto at = [](state::Phase phase) { return next_in({.unfinished = journal_at(phase)}); };
  CHECK(at(state::Phase::installed) == "The daemon makes the gateway use the installed certificate now.");
  CHECK(at(state::Phase::activated) == "The daemon verifies that the gateway uses the installed certificate now.");
  CHECK(at(state::Phase::rolling_back) == "The daemon restores the previous keystore now.");
}

TEST_CASE("the page promises nothing that cannot happen") {
  auto standing = standing_in({.left = 29 * kDay});
  standing.state_problem = Problem{"the disk is full"};
  CHECK(next_step(standing, kNow) == "Nothing, until the daemon can write its state.");
  CHECK(next_in({.left = 57 * 365 * kDay}) == "Nothing, until this host's clock is right.");
  CHECK(next_in({.left = -1h, .renew = configuration::RenewMode::never}) ==
        "The daemon only watches this certificate (`renew: never`).");
  CHECK_THAT(next_step(unreadable("production"), kNow), StartsWith("The daemon checks the keystore again"));
}

TEST_CASE("the next step never counts the days until expiry, which the findings do") {
  for (const AssessmentCase& test : assessment_cases()) {
    INFO(test.name);
    CHECK_THAT(next_step(test.standing, kNow + 5h), !ContainsSubstring(" left"));
    CHECK_THAT(next_step(test.standing, kNow + 5h), EndsWith("."));
  }
}
