#include "commands/plan_sentence.hpp"

#include "statuses.hpp"
#include "support/catch.hpp"
#include "unit/renewal/windows.hpp"

using namespace renewd;
using namespace renewd::commands;
using namespace renewd::testing;
using namespace std::chrono_literals;
using state::Phase;

namespace {

// The certificate of standing_in(): its splay is 3 h 12 min.
configuration::CertificateSettings settings() {
  configuration::CertificateSettings certificate;
  certificate.name = "production";
  certificate.gateway.action = configuration::SystemdGateway{{"gateway.service"}};
  return certificate;
}

constexpr std::string_view kAll =
    "a new certificate would be requested, the keystore replaced, and gateway.service restarted";

}  // namespace

TEST_CASE("a renewal that is due says what would be restarted") {
  const auto standing = standing_in({.left = 29 * 24h});
  CHECK(plan_sentence(standing, settings()) == "due now: " + std::string(kAll));
  CHECK(daemon_sentence(standing, settings(), true).empty());
  CHECK_THAT(daemon_sentence(standing, settings(), false),
             ContainsSubstring("systemctl enable --now gravitee-renewd") && EndsWith("restarts gateway.service"));
}

TEST_CASE("a renewal that is not due says when, with the zone") {
  const auto standing = standing_in({});
  CHECK(plan_sentence(standing, settings()) == "not due until 2027-09-02 09:12 UTC; then " + std::string(kAll));
  CHECK(daemon_sentence(standing, settings(), true).empty());
  CHECK_THAT(daemon_sentence(standing, settings(), false), EndsWith("at 2027-09-02 09:12 UTC"));
}

TEST_CASE("with schedule.run_by: timer, no sentence says to start the daemon") {
  auto due = standing_in({.left = 29 * 24h});
  auto later = standing_in({});
  for (auto* const standing : {&due, &later}) {
    standing->run_by = configuration::RunBy::timer;
    CHECK_THAT(daemon_sentence(*standing, settings(), false),
               ContainsSubstring("a timer") && !ContainsSubstring("systemctl enable"));
  }
  CHECK_THAT(daemon_sentence(due, settings(), false), EndsWith("from now on"));
  CHECK_THAT(daemon_sentence(later, settings(), false), EndsWith("after that"));
}

TEST_CASE("with activate_windows, the gateway is restarted when the next one opens") {
  auto certificate = settings();
  certificate.activate_windows = {window("sun 02:00-05:00 UTC")};
  CHECK(
      plan_sentence(standing_in({.left = 29 * 24h}), certificate) ==
      "due now: a new certificate would be requested, and at 2026-11-29 02:00 UTC, when activate_windows allow it, the "
      "keystore replaced and gateway.service restarted");
  const auto stored = standing_in({.left = 29 * 24h, .unfinished = journal_at(Phase::answered)});
  CHECK_THAT(plan_sentence(stored, certificate), StartsWith("a renewal is under way: at 2026-11-29 02:00 UTC"));
}

TEST_CASE("a renewal under way says what is left of it") {
  CHECK(plan_sentence(standing_in({.unfinished = journal_at(Phase::installed)}), settings()) ==
        "a renewal is under way: gateway.service would be restarted, and verified");
  CHECK(plan_sentence(standing_in({.unfinished = journal_at(Phase::answered)}), settings()) ==
        "a renewal is under way: the keystore would be replaced and gateway.service restarted");
}

TEST_CASE("without a gateway nothing is restarted") {
  auto certificate = settings();
  certificate.gateway.action = configuration::NoGateway{};
  CHECK(plan_sentence(standing_in({.left = 29 * 24h}), certificate) ==
        "due now: a new certificate would be requested and the keystore replaced");
  CHECK_THAT(daemon_sentence(standing_in({.left = 29 * 24h}), certificate, false), EndsWith("at once"));
}

TEST_CASE("nothing is planned with an unreadable keystore, or a clock in doubt") {
  CHECK_THAT(plan_sentence(unreadable("production"), settings()), StartsWith("nothing would be done"));
  CHECK(daemon_sentence(unreadable("production"), settings(), false).empty());
  CHECK_THAT(plan_sentence(standing_in({.left = 57 * 365 * 24h}), settings()), StartsWith("nothing would be done"));
}

TEST_CASE("a running daemon that waits says until when, and why") {
  state::RetryState attempts = failed(2, "dns", "");
  attempts.not_before = kNow + 42min;
  const auto standing = standing_in({.left = 21 * 24h, .attempts = attempts});
  CHECK_THAT(plan_sentence(standing, settings()), StartsWith("due now"));
  CHECK_THAT(daemon_sentence(standing, settings(), true),
             StartsWith("the daemon does this at 2026-11-24 06:42 UTC: ") && ContainsSubstring("2 failures in a row"));
}

TEST_CASE("the next maintenance windows are named with their zone") {
  auto certificate = settings();
  CHECK(windows_sentence(certificate, 0s, kNow).empty());
  certificate.renew_windows = {window("wed 02:00-05:00 UTC")};
  certificate.activate_windows = {window("tue 05:00-07:00 UTC")};
  CHECK(windows_sentence(certificate, 0s, kNow) ==
        "renew_windows: next at 2026-11-25T02:00:00Z (Wed 02:00 UTC); activate_windows: open until "
        "2026-11-24T07:00:00Z");
}
