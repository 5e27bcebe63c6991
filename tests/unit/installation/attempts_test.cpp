#include "installation/attempts.hpp"

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace renewd;
using namespace renewd::installation;
using namespace renewd::testing;
using namespace std::chrono_literals;

namespace {

constexpr TimePoint kNow{1'700'000'000s};

}  // namespace

TEST_CASE("attempts are remembered, and what is damaged is a fresh start") {
  const TemporaryDirectory directory;
  PosixFilesystem filesystem;
  const StatePaths paths(directory.path(), "production");
  AttemptStore store(filesystem, paths);
  CHECK(store.load() == Attempts());
  const Attempts attempts{.failures_in_a_row = 3,
                          .last_failure = "connect",
                          .last_message = "connecting to …: refused",
                          .by_hand = true,
                          .not_before = kNow,
                          .after_success = true,
                          .days_announced = 14,
                          .expiry_announced = kNow - 1h,
                          .unreadable = "opening …: Permission denied",
                          .token_problem = "the account token expired",
                          .token_seen_at = kNow - 2h};
  REQUIRE(store.save(attempts));
  CHECK(store.load() == attempts);
  for (const char* const damaged : {"", "{", "{}", "[]", "{\"failures_in_a_row\": -1}"}) {
    write_file(paths.attempts(), damaged);
    CHECK(store.load() == Attempts());
  }
  REQUIRE(store.save(attempts));
  REQUIRE(store.save(Attempts()));
  CHECK_FALSE(std::filesystem::exists(paths.attempts()));
}

TEST_CASE("attempts of a version that did not know of commands by hand are read") {
  const TemporaryDirectory directory;
  PosixFilesystem filesystem;
  const StatePaths paths(directory.path(), "production");
  std::filesystem::create_directories(paths.directory);
  write_file(paths.attempts(),
             R"({"failures_in_a_row":2,"last_failure":"dns","last_message":"m","not_before":0,"days_announced":0,)"
             R"("expiry_announced":0})");
  const Attempts attempts = AttemptStore(filesystem, paths).load();
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

TEST_CASE("requests that a clock set back since has put into the future count once, as made now") {
  const TemporaryDirectory directory;
  PosixFilesystem filesystem;
  RequestLog requests(filesystem, StatePaths(directory.path(), "production"));
  REQUIRE(requests.add(kNow + 24h * 365));
  CHECK(requests.load(kNow) == std::vector<TimePoint>{kNow});
  CHECK(requests.load(kNow + 23h) == std::vector<TimePoint>{kNow});
  CHECK(requests.load(kNow + 25h).empty());
}
