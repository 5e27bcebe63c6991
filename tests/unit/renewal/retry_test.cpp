#include "renewal/retry.hpp"

#include "support/catch.hpp"

using namespace renewd;
using namespace renewd::renewal;
using namespace std::chrono_literals;
using std::chrono::days;
using std::chrono::seconds;

namespace {

constexpr TimePoint kNow{1'700'000'000s};
constexpr double kLatest = 1.0;  // the edge that jitter never quite reaches

seconds delay(ErrorKind kind, unsigned consecutive, double jitter, seconds left = days(300),
              std::optional<seconds> retry_after = std::nullopt) {
  const configuration::ScheduleSettings schedule;  // 1 min to 12 h
  return std::chrono::round<seconds>(
      next_attempt({kind, consecutive, retry_after}, schedule, kNow + left, kNow, jitter) - kNow);
}

}  // namespace

TEST_CASE("what may pass by itself is tried again soon, and ever more slowly") {
  const auto kind = GENERATE(ErrorKind::dns, ErrorKind::connect, ErrorKind::proxy, ErrorKind::timeout,
                             ErrorKind::server_error, ErrorKind::rate_limited, ErrorKind::disk, ErrorKind::gateway);
  CHECK(delay(kind, 1, 0) == 1min);
  CHECK(delay(kind, 1, kLatest) == 2min);
  CHECK(delay(kind, 4, kLatest) == 16min);
  CHECK(delay(kind, 1000, kLatest) == 12h);
  CHECK(delay(kind, 1000, 0) == 1min);
}

TEST_CASE("what a person must mend is tried again slowly from the start") {
  const auto kind = GENERATE(ErrorKind::tls, ErrorKind::unauthorized, ErrorKind::client_error, ErrorKind::bad_answer);
  CHECK(delay(kind, 1, kLatest) == 12h);
}

TEST_CASE("retries tighten as expiry nears, and never give up") {
  CHECK(delay(ErrorKind::unauthorized, 9, kLatest, 8h) == 1h);
  CHECK(delay(ErrorKind::unauthorized, 9, kLatest, 80min) == 10min);
  CHECK(delay(ErrorKind::unauthorized, 9, kLatest, 1s) == 1min);
  // Expired already: back to the ordinary bounds.
  CHECK(delay(ErrorKind::connect, 1, kLatest, -days(3)) == 2min);
}

TEST_CASE("the server's Retry-After is kept, within bounds") {
  CHECK(delay(ErrorKind::rate_limited, 1, 0, days(300), 1h) == 1h);
  CHECK(delay(ErrorKind::rate_limited, 1, 0, days(300), days(90)) == 12h);
  CHECK(delay(ErrorKind::rate_limited, 1, 0, days(300), 0s) == 1min);
}

TEST_CASE("no more requests a day than allowed") {
  RequestBudget budget(3);
  CHECK(budget.allowed_at(kNow) == kNow);
  budget.spend(kNow);
  budget.spend(kNow + 1h);
  CHECK(budget.allowed_at(kNow + 2h) == kNow + 2h);
  budget.spend(kNow + 2h);
  CHECK(budget.allowed_at(kNow + 3h) == kNow + 24h);
  CHECK(budget.allowed_at(kNow + 25h) == kNow + 25h);
  budget.spend(kNow + 25h);
  CHECK(budget.allowed_at(kNow + 24h + 30min) == kNow + 25h);
}

TEST_CASE("a clock that is set back does not block requests for years") {
  RequestBudget budget(1);
  budget.spend(kNow + days(2000));
  CHECK(budget.allowed_at(kNow) == kNow + days(2001));
  budget.clock_was_set(kNow);
  CHECK(budget.allowed_at(kNow) == kNow + 24h);
}
