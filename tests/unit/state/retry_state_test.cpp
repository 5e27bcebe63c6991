#include "state/retry_state.hpp"

#include <map>

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace renewd;
using namespace renewd::state;
using namespace renewd::testing;
using namespace std::chrono_literals;

namespace {

constexpr TimePoint kNow{1'700'000'000s};

}  // namespace

TEST_CASE("attempts are stored, and a damaged file counts as none") {
  const TemporaryDirectory directory;
  PosixFilesystem filesystem;
  const StatePaths paths(directory.path(), "production");
  RetryStateStore store(filesystem, paths);
  CHECK(store.load() == RetryState());
  const RetryState attempts{.failures_in_a_row = 3,
                            .last_failure = "connect",
                            .last_message = "connecting to …: refused",
                            .last_advice = "check the firewall",
                            .by_hand = true,
                            .failing_since = kNow - 5h,
                            .failed_at = kNow - 4h,
                            .not_before = kNow,
                            .after_success = true,
                            .days_announced = 14,
                            .expiry_announced = kNow - 1h,
                            .known_not_after = kNow + 24h,
                            .run_at = kNow - 3h};
  REQUIRE(store.save(attempts));
  CHECK(store.load() == attempts);
  for (const char* const damaged : {"", "{", "{}", "[]", "{\"failures_in_a_row\": -1}"}) {
    write_file(paths.attempts(), damaged);
    CHECK(store.load() == RetryState());
  }
  REQUIRE(store.save(attempts));
  REQUIRE(store.save(RetryState()));
  CHECK_FALSE(std::filesystem::exists(paths.attempts()));
}

TEST_CASE("attempts of a version that kept what it saw in the same file are read") {
  const TemporaryDirectory directory;
  PosixFilesystem filesystem;
  const StatePaths paths(directory.path(), "production");
  std::filesystem::create_directories(paths.directory());
  write_file(paths.attempts(),
             R"({"failures_in_a_row":2,"last_failure":"dns","last_message":"m","not_before":0,"days_announced":0,)"
             R"("expiry_announced":0,"unreadable":"x","token_problem":7,"token_seen_at":1700000000000000})");
  CHECK(RetryStateStore(filesystem, paths).load().failures_in_a_row == 2);
}

TEST_CASE("attempts of a version without by_hand are read") {
  const TemporaryDirectory directory;
  PosixFilesystem filesystem;
  const StatePaths paths(directory.path(), "production");
  std::filesystem::create_directories(paths.directory());
  write_file(paths.attempts(),
             R"({"failures_in_a_row":2,"last_failure":"dns","last_message":"m","not_before":0,"days_announced":0,)"
             R"("expiry_announced":0})");
  const RetryState attempts = RetryStateStore(filesystem, paths).load();
  CHECK(attempts.failures_in_a_row == 2);
  CHECK_FALSE(attempts.by_hand);
}

TEST_CASE("requests of the last day are remembered") {
  const TemporaryDirectory directory;
  PosixFilesystem filesystem;
  const StatePaths paths(directory.path(), "production");
  RequestLog requests(filesystem, paths);
  CHECK(requests.load(kNow).empty());
  REQUIRE(requests.add(kNow - 25h));
  REQUIRE(requests.add(kNow - 23h));
  REQUIRE(requests.add(kNow));
  CHECK(requests.load(kNow) == std::vector<TimePoint>{kNow - 23h, kNow});
  write_file(paths.requests(), "[1, \"x\"]");
  CHECK(requests.load(kNow).empty());
}

TEST_CASE("a request that was not sent does not count") {
  const TemporaryDirectory directory;
  PosixFilesystem filesystem;
  RequestLog requests(filesystem, StatePaths(directory.path(), "production"));
  const TimePoint now(1700000000s);
  REQUIRE(requests.take_back(now));
  REQUIRE(requests.add(now - 1h));
  REQUIRE(requests.add(now));
  REQUIRE(requests.take_back(now));
  CHECK(requests.load(now) == std::vector<TimePoint>{now - 1h});
}

TEST_CASE("requests in the future, after the clock was set back, count once, as made now") {
  const TemporaryDirectory directory;
  PosixFilesystem filesystem;
  RequestLog requests(filesystem, StatePaths(directory.path(), "production"));
  REQUIRE(requests.add(kNow + 24h * 365));
  CHECK(requests.load(kNow) == std::vector<TimePoint>{kNow});
  CHECK(requests.load(kNow + 23h) == std::vector<TimePoint>{kNow});
  CHECK(requests.load(kNow + 25h).empty());
}

TEST_CASE("attempts with an invalid number or class count as none") {
  const TemporaryDirectory directory;
  PosixFilesystem filesystem;
  const StatePaths paths(directory.path(), "production");
  std::filesystem::create_directories(paths.directory());
  const RetryStateStore store(filesystem, paths);
  const auto loaded = [&](const std::string& name, const std::string& value) {
    std::map<std::string, std::string> members{{"failures_in_a_row", "2"}, {"last_failure", "\"dns\""},
                                               {"last_message", "\"m\""},  {"not_before", "0"},
                                               {"days_announced", "0"},    {"expiry_announced", "0"}};
    members[name] = value;
    std::string text;
    for (const auto& [key, member] : members) {
      text += (text.empty() ? "{" : ",") + ("\"" + key + "\":") + member;
    }
    write_file(paths.attempts(), text + "}");
    return store.load();
  };
  REQUIRE(loaded("last_failure", "\"tls\"").failures_in_a_row == 2);
  const std::string number = GENERATE("-1", "9223372036854775807", "-9223372036854775808", "18446744073709551615",
                                      "1e300", "-1e300", "0.5", "NaN", "\"1\"", "null", "{}");
  CAPTURE(number);
  for (const char* const name : {"failures_in_a_row", "not_before", "days_announced", "expiry_announced"}) {
    CHECK(loaded(name, number) == RetryState());
  }
  CHECK(loaded("last_failure", "\"\\u001b]0;owned\\u0007\"") == RetryState());
  CHECK(loaded("last_failure", number == "\"1\"" ? "\"not a class\"" : number) == RetryState());
}

TEST_CASE("stored messages are printable and truncated, and the rest stays") {
  const TemporaryDirectory directory;
  PosixFilesystem filesystem;
  const StatePaths paths(directory.path(), "production");
  RetryStateStore store(filesystem, paths);
  REQUIRE(store.save(
      {.failures_in_a_row = 4, .last_failure = "gateway", .last_message = "\x1b[2J\xff" + std::string(50'000, 'x')}));
  const RetryState attempts = store.load();
  CHECK(attempts.failures_in_a_row == 4);
  CHECK_THAT(attempts.last_message, StartsWith("\\x1b[2J\\xffxxx"));
  CHECK(attempts.last_message.size() < 2100);
}

TEST_CASE("requests at invalid times are ignored, and the newest ones suffice") {
  const TemporaryDirectory directory;
  PosixFilesystem filesystem;
  const StatePaths paths(directory.path(), "production");
  std::filesystem::create_directories(paths.directory());
  RequestLog requests(filesystem, paths);
  for (const char* const bad : {"-1", "9223372036854775807", "1e300", "\"x\"", "[[1700000000]]", "{}"}) {
    write_file(paths.requests(), std::string("[1700000000,") + bad + "]");
    CHECK(requests.load(kNow).empty());
  }
  std::string many = "[1700000000";
  for (int i = 0; i < 5000; ++i) {
    many += ",1700000000";
  }
  write_file(paths.requests(), many + "]");
  CHECK(requests.load(kNow).size() == 1000);
}
