#include "renewal/schedule.hpp"

#include "support/catch.hpp"

using namespace renewd;
using namespace renewd::renewal;
using namespace std::chrono_literals;
using std::chrono::days;

namespace {

constexpr std::chrono::sys_seconds kNotAfter{1'700'000'000s};
constexpr Validity kValidity{kNotAfter - days(365), kNotAfter};
constexpr TimePoint kDue = kNotAfter - days(20);  // the window of 30 days is open

Schedule schedule(state::RetryState attempts = {}) {
  static const configuration::CertificateSettings certificate;
  return {certificate, configuration::ScheduleSettings(), 0s, std::move(attempts), 1};
}

}  // namespace

TEST_CASE("a certificate is requested when it is due") {
  const Step due = schedule().next({kValidity}, kDue);
  CHECK(due.act == Act::renew);
  CHECK(due.reason == Reason::window_open);
  const Step early = schedule().next({kValidity}, kNotAfter - days(31));
  CHECK(early.act == Act::wait);
  CHECK(early.at == kNotAfter - days(30));
}

TEST_CASE("an unfinished renewal is resumed, whether or not the certificate is due") {
  for (const TimePoint now : {kDue, TimePoint(kNotAfter - days(300))}) {
    for (const Unfinished stage : {Unfinished::answered, Unfinished::installed}) {
      const Step step = schedule().next({kValidity, stage}, now);
      CHECK(step.act == Act::deploy);
      CHECK(step.reason == Reason::unfinished);
    }
  }
}

TEST_CASE("a failure delays the next attempt, also of an unfinished renewal, and across a restart") {
  Schedule before = schedule();
  const TimePoint retry_at = before.failed({ErrorKind::unauthorized, "HTTP 401"}, kNotAfter, kDue);
  REQUIRE(retry_at > kDue);
  const Schedule after = schedule(before.attempts());
  for (const Unfinished stage : {Unfinished::none, Unfinished::installed}) {
    const Step step = after.next({kValidity, stage}, kDue + 1s);
    CHECK(step.act == Act::wait);
    CHECK(step.at == retry_at);
    CHECK(step.reason == Reason::retry);
    CHECK_THAT(step.message, ContainsSubstring("1 failure") && ContainsSubstring("(unauthorized)"));
    CHECK(after.next({kValidity, stage}, retry_at).act != Act::wait);
  }
}

TEST_CASE("the next attempt follows at once when the cause of a failure may be gone, and the failures stay counted") {
  for (const ErrorKind kind : {ErrorKind::tls, ErrorKind::unauthorized, ErrorKind::gateway, ErrorKind::disk}) {
    Schedule failing = schedule();
    REQUIRE(failing.failed({kind, "failed"}, kNotAfter, kDue) > kDue);
    failing.cause_may_be_fixed(kDue + 1s);
    CHECK(failing.next({kValidity, Unfinished::none, {kDue - 100ms}}, kDue + 1s).act == Act::renew);
    CHECK(failing.attempts().failures_in_a_row == 1);
  }
}

TEST_CASE("no fix on this host shortens what the server asked for, nor the pause after a success") {
  for (const ErrorKind kind : {ErrorKind::rate_limited, ErrorKind::server_error}) {
    Schedule failing = schedule();
    Error error{kind, "HTTP 503"};
    error.retry_after = 1h;
    const TimePoint retry_at = failing.failed(error, kNotAfter, kDue);
    failing.cause_may_be_fixed(kDue + 1s);
    CHECK(failing.attempts().not_before == retry_at);
  }
  Schedule done = schedule();
  done.succeeded(kDue);
  done.cause_may_be_fixed(kDue + 1s);
  CHECK(done.attempts().not_before > kDue + 1s);
}

TEST_CASE("failures in a row are counted until one succeeds") {
  Schedule schedule_ = schedule();
  for (unsigned i = 1; i <= 3; ++i) {
    schedule_.failed({ErrorKind::connect, "refused"}, kNotAfter, kDue);
    CHECK(schedule_.attempts().failures_in_a_row == i);
  }
  // A stop, and a lock held by another process, are not failures.
  schedule_.failed({ErrorKind::cancelled, ""}, kNotAfter, kDue);
  schedule_.failed({ErrorKind::busy, ""}, kNotAfter, kDue);
  CHECK(schedule_.attempts().failures_in_a_row == 3);
  schedule_.succeeded(kDue);
  CHECK(schedule_.attempts().failures_in_a_row == 0);
  CHECK(schedule_.attempts().last_failure.empty());
}

TEST_CASE("failures are forgotten after an operator has fixed the cause") {
  Schedule schedule_ = schedule();
  const TimePoint retry_at = schedule_.failed({ErrorKind::connect, "refused"}, kNotAfter, kDue);
  schedule_.forget_failures();
  CHECK(schedule_.attempts().failures_in_a_row == 0);
  CHECK(schedule_.attempts().last_failure.empty());
  CHECK(schedule_.attempts().last_message.empty());
  CHECK(schedule_.attempts().not_before == retry_at);
}

TEST_CASE("a busy lock brings no attempt forward") {
  Schedule schedule_ = schedule();
  const Error error{ErrorKind::rate_limited, "HTTP 429", std::nullopt, 6h};
  const TimePoint retry_at = schedule_.failed(error, kNotAfter, kDue);
  // The next check is soon anyway: the other process may leave something unfinished.
  CHECK(schedule_.failed({ErrorKind::busy, ""}, kNotAfter, kDue + 1h) == kDue + 1h + 1min);
  CHECK(schedule_.next({kValidity}, kDue + 2h).at == retry_at);
}

TEST_CASE("an unfinished renewal does not wait because of a recent renewal") {
  Schedule schedule_ = schedule();
  schedule_.succeeded(kDue);
  const Step step = schedule_.next({kValidity, Unfinished::installed}, kDue + 1s);
  CHECK(step.act == Act::deploy);
  CHECK(schedule_.next({kValidity}, kDue + 1s).act == Act::wait);
  // Unless it is what brings the daemon down.
  schedule_.slow_down(kDue + 24h);
  CHECK(schedule_.next({kValidity, Unfinished::installed}, kDue + 24h + 1s).act == Act::wait);
}

TEST_CASE("a new certificate that is due at once does not cause a renewal loop") {
  Schedule schedule_ = schedule();
  schedule_.succeeded(kDue);
  const Step step = schedule_.next({kValidity}, kDue + 1s);
  CHECK(step.act == Act::wait);
  CHECK(step.at == kDue + configuration::ScheduleSettings().check_every);
}

TEST_CASE("the cap on requests does not delay an unfinished renewal") {
  std::vector<TimePoint> requests;
  for (int i = 12; i >= 1; --i) {
    requests.push_back(kDue - i * 1h);
  }
  const Step step = schedule().next({kValidity, Unfinished::none, requests}, kDue);
  CHECK(step.act == Act::wait);
  CHECK(step.reason == Reason::request_cap);
  CHECK(step.at == kDue + 12h);
  CHECK(schedule().next({kValidity, Unfinished::installed, requests}, kDue).act == Act::deploy);
}

TEST_CASE("a retry under the cap on requests waits for the later of both times") {
  Schedule schedule_ = schedule();
  const TimePoint retry_at = schedule_.failed({ErrorKind::server_error, "HTTP 503"}, kNotAfter, kDue);
  REQUIRE(retry_at < kDue + 12h);
  const std::vector<TimePoint> requests(12, kDue - 12h);
  const Step step = schedule_.next({kValidity, Unfinished::none, requests}, kDue);
  CHECK(step.act == Act::wait);
  CHECK(step.reason == Reason::request_cap);
  CHECK(step.at == kDue + 12h);
  // An unfinished renewal requests nothing.
  CHECK(schedule_.next({kValidity, Unfinished::installed, requests}, kDue).at == retry_at);
}

TEST_CASE("a request with an unknown outcome is not repeated at once") {
  const Step step = schedule().next({kValidity, Unfinished::none, {kDue - 5s}}, kDue);
  CHECK(step.act == Act::wait);
  CHECK(step.at == kDue + 55s);
  CHECK(step.reason == Reason::retry);
  // A failure before it tells nothing about it.
  Schedule failing = schedule();
  (void)failing.failed({ErrorKind::tls, "failed"}, kNotAfter, kDue - 10s);
  failing.cause_may_be_fixed(kDue);
  CHECK(failing.next({kValidity, Unfinished::none, {kDue - 5s}}, kDue).at == kDue + 55s);
  // Nor does one by a clock that was ahead.
  Schedule ahead = schedule();
  (void)ahead.failed({ErrorKind::tls, "failed"}, kNotAfter, kDue + days(1));
  ahead.cause_may_be_fixed(kDue);
  CHECK(ahead.next({kValidity, Unfinished::none, {kDue - 5s}}, kDue).at == kDue + 55s);
}

TEST_CASE("while the clock is before notBefore, nothing is requested, resumed or counted") {
  const TimePoint boot{};
  const Schedule failing = schedule({.failures_in_a_row = 3, .last_failure = "connect", .not_before = kDue});
  for (const Unfinished stage : {Unfinished::none, Unfinished::answered, Unfinished::installed}) {
    for (const Schedule& schedule_ : {schedule(), failing}) {
      const Step step = schedule_.next({kValidity, stage}, boot);
      CHECK(step.act == Act::wait);
      CHECK(step.reason == Reason::not_yet_valid);
      CHECK(step.at == kValidity.not_before);
    }
  }
}

TEST_CASE("a refused answer is judged again when the clock is set, and the gateway is not activated for it") {
  Schedule refused = schedule();
  refused.failed({ErrorKind::bad_answer, "not valid yet"}, kNotAfter, kDue);
  refused.clock_was_set(kDue, Unfinished::answered);
  CHECK(refused.next({kValidity, Unfinished::answered}, kDue).act == Act::deploy);
  Schedule rolled_back = schedule();
  rolled_back.failed({ErrorKind::gateway, "does not start"}, kNotAfter, kDue);
  rolled_back.clock_was_set(kDue, Unfinished::answered);
  CHECK(rolled_back.next({kValidity, Unfinished::answered}, kDue).act == Act::wait);
}

TEST_CASE("a clock that is set back delays nothing for years") {
  Schedule schedule_ = schedule();
  schedule_.failed({ErrorKind::connect, "refused"}, kNotAfter + days(4000), kDue + days(3650));
  schedule_.announces_expiry(kDue + days(3650));
  schedule_.clock_was_set(kDue);
  CHECK(schedule_.next({kValidity}, kDue).at <= kDue + 12h);
  CHECK(schedule_.announces_expiry(kDue + 24h));
}

TEST_CASE("a clock that is set back delays nothing for longer than a failure does") {
  configuration::ScheduleSettings settings;
  settings.check_every = days(7);
  const configuration::CertificateSettings certificate;
  Schedule schedule_(certificate, settings, 0s, {}, 1);
  schedule_.failed({ErrorKind::connect, "refused"}, kNotAfter + days(4000), kDue + days(365));
  schedule_.clock_was_set(kDue);
  CHECK(schedule_.next({kValidity}, kDue).at <= kDue + 12h);
}

TEST_CASE("a crash loop is delayed once, however often the daemon is restarted in the meantime") {
  Schedule first = schedule();
  first.slow_down(kDue);
  Schedule second = schedule(first.attempts());
  second.slow_down(kDue + 11h);
  CHECK(second.next({kValidity, Unfinished::installed}, kDue + 11h).at == kDue + 12h);
  // It was tried then, and crashed again.
  Schedule third = schedule(second.attempts());
  third.slow_down(kDue + 13h);
  CHECK(third.next({kValidity, Unfinished::installed}, kDue + 13h).at == kDue + 25h);
}

TEST_CASE("an expired certificate that is only watched is checked every check_every") {
  configuration::CertificateSettings watched;
  watched.renew = configuration::RenewMode::never;
  const Schedule schedule_(watched, {}, 0s, {}, 1);
  const TimePoint expired = kNotAfter + days(3);
  CHECK(schedule_.next({kValidity}, expired).at == expired + 12h);
}

TEST_CASE("each threshold is announced once, even across a restart, and again for a new certificate") {
  Schedule first = schedule();
  CHECK(first.days_to_announce(days(31)) == 0);
  CHECK(first.days_to_announce(days(30)) == 30);
  CHECK(first.days_to_announce(days(29)) == 0);
  CHECK(first.days_to_announce(days(14) - 1s) == 14);
  Schedule second = schedule(first.attempts());
  CHECK(second.days_to_announce(days(10)) == 0);
  CHECK(second.days_to_announce(days(2)) == 3);
  CHECK(second.days_to_announce(1h) == 1);
  CHECK(second.days_to_announce(days(365)) == 0);
  CHECK(second.days_to_announce(days(30)) == 30);
}

TEST_CASE("expiry is announced daily") {
  Schedule schedule_ = schedule();
  CHECK(schedule_.announces_expiry(kDue));
  CHECK_FALSE(schedule_.announces_expiry(kDue + 23h));
  CHECK(schedule_.announces_expiry(kDue + 24h));
}
