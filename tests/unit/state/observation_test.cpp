#include "state/observation.hpp"

#include "support/catch.hpp"
#include "support/command.hpp"
#include "support/temporary_directory.hpp"

using namespace renewd;
using namespace renewd::state;
using namespace renewd::testing;

namespace {

struct Stored {
  TemporaryDirectory directory;
  PosixFilesystem filesystem;
  StatePaths paths{directory.path(), "production"};
  ObservationStore store{filesystem, paths};
};

}  // namespace

TEST_CASE("what the daemon saw is stored, and removed once nothing is wrong") {
  Stored stored;
  CHECK(stored.store.load() == Observation());
  const Observation observation{.keystore = Problem{"opening …: Permission denied"},
                                .token = Problem{"the account token expired"},
                                .replacement = Problem{"Read-only file system"},
                                .state = Problem{"no space", "free some"},
                                .activation = Problem{"gateway.service does not exist on this host"},
                                .health_check = Problem{"HTTP 401"},
                                .health = Problem{"HTTP 500"},
                                .ca_file = Problem{"http.ca_file: No such file or directory"},
                                .configuration = TimePoint(std::chrono::microseconds(1'600'000'000'123'456)),
                                .token_not_after = std::chrono::sys_seconds(std::chrono::seconds(1'800'000'000)),
                                .token_changed = TimePoint(std::chrono::microseconds(1'700'000'000'123'456))};
  REQUIRE(stored.store.save(observation));
  CHECK(stored.store.load() == observation);
  REQUIRE(stored.store.save({}));
  CHECK_FALSE(std::filesystem::exists(stored.paths.observation()));
  REQUIRE(stored.store.save({}));
}

TEST_CASE("what the daemon saw of its fleet is stored") {
  Stored stored;
  FleetStatus fleet{
      .unreachable = "timeout",
      .problem = Problem{"no response within 10 s", "see etcd's log"},
      .unreachable_since = TimePoint(std::chrono::microseconds(1'600'000'000'123'456)),
      .hosts = 20,
      .hosts_in_use_of_newest = 12,
      .generation = 7,
      .newest_not_after = std::chrono::sys_seconds(std::chrono::seconds(1'800'000'000)),
      .leading = true,
      .waiting = true,
      .halt = FleetHalt{"lost", "gateway-3/production", TimePoint(std::chrono::microseconds(1'600'000'000'000'001))},
      .behind_since = TimePoint(std::chrono::microseconds(1'600'000'000'000'002)),
      .other_key = Problem{"another key"},
      .conflict = Problem{"the same name"},
      .refused = Problem{"a value that cannot be used"},
      .state = "waiting",
      .sentence = "for its turn"};
  REQUIRE(stored.store.save({.fleet = fleet}));
  CHECK(stored.store.load().fleet == fleet);
  CHECK(stored.store.load().token == std::nullopt);
  REQUIRE(stored.store.save({.fleet = FleetStatus{}}));
  CHECK(stored.store.load().fleet == FleetStatus{});
  write_file(stored.paths.observation(), R"({"fleet":{"hosts":-1},"token":{"message":"expired","advice":""}})");
  CHECK_FALSE(stored.store.load().fleet);
  CHECK(stored.store.load().token == Problem{"expired"});
}

TEST_CASE("since when etcd is unreachable counts only if it is") {
  Stored stored;
  std::filesystem::create_directories(stored.paths.directory());
  write_file(stored.paths.observation(),
             R"({"fleet":{"hosts":1,"hosts_in_use_of_newest":1,"generation":1,"leading":false,"waiting":false,)"
             R"("unreachable_since":1700000000000000}})");
  const Observation loaded = stored.store.load();
  REQUIRE(loaded.fleet);
  CHECK(loaded.fleet->unreachable_since == TimePoint());
  REQUIRE(stored.store.save(loaded));
  CHECK(stored.store.load() == loaded);
}

TEST_CASE("an observation that is the stored one is not written again") {
  Stored stored;
  REQUIRE(stored.store.save({.token = Problem{"expired"}}));
  const auto written = std::filesystem::last_write_time(stored.paths.observation());
  REQUIRE(stored.store.save({.token = Problem{"expired"}}));
  CHECK(std::filesystem::last_write_time(stored.paths.observation()) == written);
}

TEST_CASE("a damaged observation counts as none, and its texts are printable and truncated") {
  Stored stored;
  std::filesystem::create_directories(stored.paths.directory());
  for (const char* const damaged :
       {"", "{", "[]", R"({"token":7})", R"({"token":"expired"})", R"({"token":{"message":"expired"}})",
        R"({"token_not_after":"x"})", R"({"token_changed":-1})", R"({"token_changed":1e300})"}) {
    write_file(stored.paths.observation(), damaged);
    CHECK(stored.store.load() == Observation());
  }
  write_file(stored.paths.observation(),
             R"({"keystore":{"message":"\u001b[2J)" + std::string(50'000, 'x') + R"(","advice":"","new":1}})");
  const Observation observation = stored.store.load();
  CHECK_THAT(observation.keystore->message, StartsWith("\\x1b[2Jxxx"));
  CHECK(observation.keystore->message.size() < 2100);
}
