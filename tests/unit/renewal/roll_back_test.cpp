// Restoring the previous keystore, because the gateway does not come up with the renewed one.
#include "renewal/renewal.hpp"
#include "support/catch.hpp"
#include "support/crashing_filesystem.hpp"
#include "unit/renewal/world.hpp"

using namespace renewd;
using namespace renewd::renewal;
using namespace renewd::testing;
using state::Phase;

TEST_CASE("if the gateway refuses the new keystore, the previous one is restored") {
  World world;
  refuse_the_new_one(world);
  const auto completed = world.run();
  REQUIRE_FALSE(completed);
  CHECK(completed.error().kind == ErrorKind::gateway);
  CHECK_THAT(completed.error().message, ContainsSubstring("previous keystore is restored (valid until 20"));
  CHECK(read_file(world.keystore) == keystores().installed);
  CHECK_THAT(world.events(), ContainsSubstring("keystore_installed gateway_activation_failed gateway_activated "
                                               "gateway_verified renewal_rolled_back"));
  CHECK(std::filesystem::exists(world.directory / "state/production/answer"));

  SECTION("and the same answer is tried again, at most three times") {
    for (int again = 2; again <= kRollbacksPerAnswer; ++again) {
      REQUIRE_FALSE(world.run());
      CHECK(world.cloud.requests == 1);
      CHECK(read_file(world.keystore) == keystores().installed);
    }
    REQUIRE_FALSE(world.run());
    CHECK(world.cloud.requests == 2);
  }
  SECTION("and the new one is installed from the stored answer once the gateway is fixed") {
    world.gateway.on_activate = [] {};
    world.gateway.activation = gateway::Activation{gateway::Use::in_use, "restarted"};
    REQUIRE(world.run());
    CHECK(world.cloud.requests == 1);
    CHECK(read_file(world.keystore) == keystores().renewed);
  }
}

TEST_CASE("a gateway that does not come up with the previous keystore either is activated again until it runs") {
  World world;
  refuse_to_start(world);
  for (int run = 1; run <= kRollbacksPerAnswer + 2; ++run) {
    CAPTURE(run);
    const auto completed = world.run();
    REQUIRE_FALSE(completed);
    CHECK(completed.error().kind == ErrorKind::gateway);
    CHECK_THAT(completed.error().message, ContainsSubstring("previous keystore is restored"));
    CHECK(read_file(world.keystore) == keystores().installed);
    CHECK(world.cloud.requests == 1);
    CHECK_FALSE(in_use(world));
  }
  // It runs again, with the previous keystore; the next run tries the new one from the stored answer.
  world.gateway.activation = gateway::Activation{gateway::Use::in_use, "restarted"};
  REQUIRE_FALSE(world.run());
  CHECK(read_file(world.keystore) == keystores().installed);
  CHECK(in_use(world));
  REQUIRE(world.run());
  CHECK(read_file(world.keystore) == keystores().renewed);
  CHECK(world.cloud.requests == 1);
}

TEST_CASE("goes forward again if the previous keystore expires during a roll-back") {
  World world;
  refuse_to_start(world);
  REQUIRE_FALSE(world.run());
  REQUIRE(read_file(world.keystore) == keystores().installed);
  world.clock.time = std::chrono::system_clock::now() + std::chrono::days(20);
  world.gateway.activation = gateway::Activation{gateway::Use::in_use, "restarted"};
  REQUIRE(world.run());
  CHECK(read_file(world.keystore) == keystores().renewed);
  CHECK(world.cloud.requests == 1);
}

TEST_CASE("an answer that was rolled back three times is set aside, and the event names it") {
  World world;
  refuse_the_new_one(world);
  for (int run = 1; run <= kRollbacksPerAnswer; ++run) {
    REQUIRE_FALSE(world.run());
  }
  CHECK_FALSE(std::filesystem::exists(world.directory / "state/production/answer"));
  CHECK_FALSE(std::filesystem::exists(world.directory / "state/production/journal"));
  CHECK_THAT(world.logged.str(), ContainsSubstring("3 of 3") && ContainsSubstring("answer-rejected-"));
}

TEST_CASE("never rolls back to an expired keystore, nor if gateway.rollback is false") {
  const bool expired = GENERATE(true, false);
  CAPTURE(expired);
  World world;
  refuse_the_new_one(world);
  if (expired) {
    world.clock.time = std::chrono::system_clock::now() + std::chrono::days(20);  // the installed one has 10 days
  } else {
    world.settings.gateway.rollback = false;
  }
  REQUIRE_FALSE(world.run());
  CHECK(read_file(world.keystore) == keystores().renewed);
  REQUIRE_FALSE(world.run());
  CHECK(world.cloud.requests == 1);
  CHECK(world.gateway.activations == 2);

  world.gateway.on_activate = [] {};
  world.gateway.activation = gateway::Activation{gateway::Use::in_use, "restarted"};
  REQUIRE(world.run());
  CHECK(world.cloud.requests == 1);
}

TEST_CASE("a roll-back is resumed after a power cut") {
  const auto cut = GENERATE(PowerCut::loses_all, PowerCut::tears_appends, PowerCut::keeps_names);
  CAPTURE(static_cast<int>(cut));
  int crashes = 0;
  for (int at = 1;; ++at) {
    CAPTURE(at);
    World world;
    refuse_the_new_one(world);
    CrashingFilesystem disk(world.directory.path(), at);
    world.disk = &disk;
    try {
      const auto completed = world.run();
      REQUIRE_FALSE(completed);
      break;
    } catch (const Crash&) {
      ++crashes;
    }
    disk.lose_what_was_not_synced(cut);
    world.disk = nullptr;
    REQUIRE_FALSE(world.run());
    CHECK(read_file(world.keystore) == keystores().installed);
    CHECK(world.cloud.requests <= 2);
  }
  CHECK(crashes > 30);
}

TEST_CASE("crashes in one phase are counted, also during a roll-back") {
  World world;
  refuse_the_new_one(world);
  const auto refuse = world.gateway.on_activate;
  world.gateway.on_activate = [&] {
    refuse();
    if (read_file(world.keystore) == keystores().installed) {
      throw Crash();
    }
  };
  for (int crashes = 0; crashes < 4; ++crashes) {
    CHECK_THROWS_AS(world.run(), Crash);
    const auto unfinished = world.unfinished();
    REQUIRE((unfinished && *unfinished));
    CHECK((*unfinished)->phase == Phase::rolling_back);
    CHECK((*unfinished)->resumed == crashes);
  }
}

TEST_CASE("a roll-back does not overwrite an external keystore") {
  World world;
  refuse_the_new_one(world);
  const auto refuse = world.gateway.on_activate;
  world.gateway.on_activate = [&] {
    refuse();
    write_file(world.keystore, "half of a newer ");
  };
  const auto completed = world.run();
  REQUIRE_FALSE(completed);
  CHECK_THAT(completed.error().message, ContainsSubstring("replaced externally"));
  CHECK(read_file(world.keystore) == "half of a newer ");
}
