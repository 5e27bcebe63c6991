#include "renewal/retry.hpp"

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

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

TEST_CASE("temporary failures are retried soon, and then less and less often") {
  const auto kind = GENERATE(ErrorKind::dns, ErrorKind::connect, ErrorKind::proxy, ErrorKind::timeout,
                             ErrorKind::server_error, ErrorKind::rate_limited, ErrorKind::disk, ErrorKind::gateway);
  CHECK(delay(kind, 1, 0) == 1min);
  CHECK(delay(kind, 1, kLatest) == 2min);
  CHECK(delay(kind, 4, kLatest) == 16min);
  CHECK(delay(kind, 1000, kLatest) == 12h);
  CHECK(delay(kind, 1000, 0) == 1min);
}

TEST_CASE("failures that an operator must fix are retried slowly from the start") {
  const auto kind = GENERATE(ErrorKind::tls, ErrorKind::unauthorized, ErrorKind::client_error, ErrorKind::bad_answer);
  CHECK(delay(kind, 1, kLatest) == 12h);
}

TEST_CASE("retries tighten as expiry nears, and never give up") {
  CHECK(delay(ErrorKind::unauthorized, 9, kLatest, 8h) == 1h);
  CHECK(delay(ErrorKind::unauthorized, 9, kLatest, 80min) == 10min);
  CHECK(delay(ErrorKind::unauthorized, 9, kLatest, 1s) == 1min);
  CHECK(delay(ErrorKind::connect, 1, kLatest, -days(3)) == 2min);
}

TEST_CASE("the server's Retry-After is honoured, within bounds") {
  CHECK(delay(ErrorKind::rate_limited, 1, 0, days(300), 1h) == 1h);
  CHECK(delay(ErrorKind::rate_limited, 1, 0, days(300), days(90)) == 12h);
  CHECK(delay(ErrorKind::rate_limited, 1, 0, days(300), 0s) == 1min);
  CHECK(delay(ErrorKind::rate_limited, 1, 0, 8h, 6h) == 1h);
}

TEST_CASE("after expiry, retries are as frequent as the cap on requests allows") {
  CHECK(delay(ErrorKind::unauthorized, 9, kLatest, -1s) == 2h);
  CHECK(delay(ErrorKind::connect, 1000, kLatest, -days(90)) == 2h);
}

TEST_CASE("no more requests a day than allowed") {
  std::vector<TimePoint> requests;
  const auto allowed = [&](TimePoint now) { return request_allowed_at(requests, 3, now); };
  CHECK(allowed(kNow) == kNow);
  requests = {kNow, kNow + 1h};
  CHECK(allowed(kNow + 2h) == kNow + 2h);
  requests.push_back(kNow + 2h);
  CHECK(allowed(kNow + 3h) == kNow + 24h);
  CHECK(allowed(kNow + 25h) == kNow + 25h);
  requests.push_back(kNow + 25h);
  CHECK(allowed(kNow + 25h) == kNow + 25h);
  requests.push_back(kNow + 25h + 30min);
  CHECK(allowed(kNow + 25h + 30min) == kNow + 26h);
}

TEST_CASE("the table of classes in the documentation is the one in the code") {
  const std::string documentation = testing::read_file(std::string(DOCUMENTATION) + "/events.md");
  for (const ErrorKind kind :
       {ErrorKind::dns, ErrorKind::connect, ErrorKind::tls, ErrorKind::proxy, ErrorKind::timeout,
        ErrorKind::unauthorized, ErrorKind::client_error, ErrorKind::rate_limited, ErrorKind::server_error,
        ErrorKind::bad_answer, ErrorKind::disk, ErrorKind::gateway, ErrorKind::fleet}) {
    const auto row = documentation.find("\n| `" + std::string(to_string(kind)) + "` |");
    REQUIRE(row != std::string::npos);
    const std::string line = documentation.substr(row + 1, documentation.find('\n', row + 1) - row - 1);
    CHECK_THAT(line, Catch::Matchers::EndsWith(retry_pace(kind) == Pace::soon ? "| soon |" : "| slowly |"));
  }
}
