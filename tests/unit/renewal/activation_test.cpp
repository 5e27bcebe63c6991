// Making the gateway use the new keystore, over crashes, stops and activations that fail.
#include "renewal/renewal.hpp"
#include "state/journal.hpp"
#include "support/catch.hpp"
#include "support/crashing_filesystem.hpp"
#include "unit/renewal/world.hpp"

using namespace renewd;
using namespace renewd::renewal;
using namespace renewd::testing;

TEST_CASE("the end of the log is noted before each activation, and survives a crash until the verification") {
  World world;
  world.gateway.log_end = "before the new keystore";
  world.gateway.on_activate = [&] { world.gateway.log_end = "after it"; };
  world.gateway.on_verify = [] { throw Crash{}; };
  CHECK_THROWS_AS(world.run(), Crash);

  world.gateway.on_verify = [&] { CHECK(world.gateway.last_before->log_position == "before the new keystore"); };
  world.gateway.verification = failure(ErrorKind::gateway, "not well");
  world.gateway.on_activate = [&] {
    CHECK(world.gateway.last_before->log_position == "after it");
    world.gateway.on_verify = [&] { CHECK(world.gateway.last_before->log_position == "after it"); };
  };
  REQUIRE_FALSE(world.run());
  // Verified again, activated again, and rolled back.
  CHECK(world.gateway.verifications == 4);
  CHECK(world.gateway.activations == 3);
}

TEST_CASE("without roll-back, a gateway that comes up unhealthy is activated again") {
  World world;
  world.settings.gateway.rollback = false;
  world.gateway.verification = failure(ErrorKind::gateway, "it did not stay up");
  REQUIRE_FALSE(world.run());
  REQUIRE_FALSE(world.run());
  CHECK(world.gateway.activations == 2);
  world.gateway.verification = std::string("well");
  REQUIRE(world.run());
  CHECK(world.gateway.activations == 3);
}

TEST_CASE("a start that was interrupted is verified, and repeated if the gateway is unhealthy") {
  World world;
  world.gateway.on_verify = [] { throw Crash(); };
  CHECK_THROWS_AS(world.run(), Crash);
  const bool well = GENERATE(true, false);
  CAPTURE(well);
  if (!well) {
    // As on a host that starts: the gateway comes up after the verification.
    world.gateway.verification = failure(ErrorKind::gateway, "ActiveState=activating");
    world.gateway.on_activate = [&] { world.gateway.verification = std::string("well"); };
  }
  world.gateway.on_verify = [] {};
  REQUIRE(world.run());
  CHECK(world.gateway.activations == (well ? 1 : 2));
  CHECK(world.cloud.requests == 1);
  CHECK(read_file(world.keystore) == keystores().renewed);
}

TEST_CASE("the next process starts a unit that an activation has left down") {
  World world;
  refuse_to_start(world);
  SECTION("with the previous keystore, after a crash during the roll-back") {
    // The first activation fails, and the power goes before the second.
    world.gateway.on_activate = [&] {
      if (world.gateway.activations == 2) {
        throw Crash();
      }
      world.gateway.now.running.clear();  // down
    };
    CHECK_THROWS_AS(world.run(), Crash);
    world.gateway.on_activate = [] {};
    world.gateway.activation = gateway::Activation{gateway::Use::in_use, "restarted"};
    REQUIRE_FALSE(world.run());
    CHECK(world.gateway.last_before->running == std::vector<std::string>{"fake.service"});
    CHECK(read_file(world.keystore) == keystores().installed);
    // It is up again, and noted again.
    world.gateway.now.running = {"another.service"};
    REQUIRE(world.run());
    CHECK(world.gateway.last_before->running == std::vector<std::string>{"another.service"});
  }
  SECTION("with the new keystore, without roll-back") {
    world.settings.gateway.rollback = false;
    world.gateway.on_activate = [&] { world.gateway.now.running.clear(); };
    REQUIRE_FALSE(world.run());
    world.gateway.activation = gateway::Activation{gateway::Use::in_use, "restarted"};
    REQUIRE(world.run());
    CHECK(world.gateway.last_before->running == std::vector<std::string>{"fake.service"});
  }
}

namespace {

// SIGTERM ends the daemon during the activation; the gateway is started anyway.
void stop_while_telling(World& world, const std::string& run) {
  world.gateway.activation = failure(ErrorKind::cancelled, "told to stop");
  const auto stopped = world.run();
  REQUIRE_FALSE(stopped);
  CHECK(stopped.error().kind == ErrorKind::cancelled);
  world.gateway.now.invocations["fake.service"] = run;
}

int resumed(World& world) {
  const auto entry = state::Journal(world.filesystem, {world.directory / "state", "production"}).peek();
  REQUIRE(entry);
  return entry->resumed;
}

}  // namespace

TEST_CASE("a resumed activation knows the state of the gateway before it") {
  World world;
  stop_while_telling(world, "2");
  const TimePoint began = world.gateway.last_before->began;
  SECTION("also after several") {
    stop_while_telling(world, "3");
  }
  SECTION("once") {}
  world.gateway.activation = failure(ErrorKind::gateway, "it did not start");
  world.gateway.on_activate = [&] {
    CHECK(world.gateway.last_before->invocations.at("fake.service") == "1");
    CHECK(world.gateway.last_before->began == began);
    world.gateway.on_activate = [&] {
      // The roll-back is an activation of its own.
      CHECK(world.gateway.last_before->invocations.at("fake.service") != "1");
      world.gateway.activation = gateway::Activation{gateway::Use::in_use, "restarted"};
    };
  };
  REQUIRE_FALSE(world.run());
  CHECK(read_file(world.keystore) == keystores().installed);
}

TEST_CASE("a failed activation is repeated, whatever the gateway was started with") {
  World world;
  world.settings.gateway.rollback = false;
  refuse_to_start(world);
  REQUIRE_FALSE(world.run());
  world.gateway.verification = failure(ErrorKind::gateway, "not well");
  for (const std::string run : {"2", "3"}) {
    world.gateway.now.invocations["fake.service"] = run;
    world.gateway.activation = gateway::Activation{gateway::Use::in_use, "restarted"};
    std::string told_in;
    world.gateway.on_activate = [&] { told_in = world.gateway.last_before->invocations.at("fake.service"); };
    REQUIRE_FALSE(world.run());
    CHECK(told_in == run);
  }
}

TEST_CASE("activate repeats an activation that was interrupted") {
  World world;
  stop_while_telling(world, "2");
  world.gateway.activation = gateway::Activation{gateway::Use::in_use, "restarted"};
  std::string told_in;
  world.gateway.on_activate = [&] { told_in = world.gateway.last_before->invocations.at("fake.service"); };
  REQUIRE(world.run(&Renewal::activate_installed));
  CHECK(told_in == "2");
}

TEST_CASE("stops of the daemon during each activation count like crashes") {
  World world;
  SECTION("during the renewal") {
    for (int stops = 0; stops < 4; ++stops) {
      stop_while_telling(world, "1");
      CHECK(resumed(world) == stops);
    }
  }
  SECTION("during the roll-back") {
    refuse_the_new_one(world);
    const auto refuse = world.gateway.on_activate;
    world.gateway.on_activate = [&] {
      refuse();
      if (read_file(world.keystore) == keystores().installed) {
        world.gateway.activation = failure(ErrorKind::cancelled, "told to stop");
      }
    };
    for (int stops = 0; stops < 4; ++stops) {
      REQUIRE_FALSE(world.run());
      CHECK(resumed(world) == stops);
    }
  }
  SECTION("alternating between activation and verification") {
    world.gateway.activation = gateway::Activation{gateway::Use::in_use, "restarted"};
    world.gateway.on_activate = [&] { world.gateway.verification = failure(ErrorKind::cancelled, "told to stop"); };
    for (int stops = 0; stops < 4; ++stops) {
      world.gateway.verification = failure(ErrorKind::gateway, "not well");
      REQUIRE_FALSE(world.run());
      CHECK(resumed(world) == stops);
    }
  }
}

TEST_CASE("an activation that could not be attempted is attempted later, and nothing is rolled back") {
  World world;
  const Error unanswered{ErrorKind::disk, "no answer in time"};
  SECTION("before the activation") {
    world.gateway.unanswered = true;
  }
  SECTION("during the activation") {
    world.gateway.activation = tl::unexpected(unanswered);
  }
  SECTION("while it is verified") {
    world.gateway.verification = tl::unexpected(unanswered);
  }
  for (int attempts = 0; attempts < 4; ++attempts) {
    const auto result = world.run();
    REQUIRE_FALSE(result);
    CHECK(result.error().kind == ErrorKind::disk);
    CHECK(resumed(world) == 0);
  }
  CHECK(read_file(world.keystore) == keystores().renewed);
  CHECK_THAT(world.events(), !ContainsSubstring("failed"));
  world.gateway.unanswered = false;
  world.gateway.activation = gateway::Activation{gateway::Use::in_use, "restarted"};
  world.gateway.verification = std::string("well");
  CHECK(world.run());
  CHECK_THAT(world.events(), !ContainsSubstring("failed") && !ContainsSubstring("rolled_back"));
  CHECK(world.cloud.requests == 1);
}

TEST_CASE("a resumed activation without a response from systemd knows what had been started before") {
  World world;
  world.gateway.activation = failure(ErrorKind::disk, "no answer in time");
  REQUIRE_FALSE(world.run());
  world.gateway.now.invocations["fake.service"] = "2";
  REQUIRE_FALSE(world.run());
  CHECK(world.gateway.last_before->invocations.at("fake.service") == "1");
}

TEST_CASE("errors in the log of a failed boot do not count against a gateway that an earlier process has activated") {
  World world;
  world.gateway.log_end = "before";
  stop_while_telling(world, "2");
  const TimePoint began = world.gateway.last_before->began;
  world.gateway.log_end = "after the unlucky boot";
  world.gateway.activation = gateway::Activation{gateway::Use::in_use, "it has been started already"};
  world.gateway.on_verify = [&] {
    const bool sees_the_boot = world.gateway.last_before->log_position == "before";
    CHECK((world.gateway.last_before->began == began) == sees_the_boot);
    world.gateway.verification =
        sees_the_boot ? Result<std::string>(failure(ErrorKind::gateway, "the log says: Unable to connect"))
                      : std::string("well");
  };
  CHECK(world.run());
  CHECK(world.gateway.verifications == 2);
  CHECK(read_file(world.keystore) == keystores().renewed);
  CHECK_THAT(world.events(), !ContainsSubstring("renewal_rolled_back"));
}

TEST_CASE("stops of a daemon that no longer acts on the gateway are not counted") {
  World world;
  SECTION("while it is verified") {
    world.gateway.verification = failure(ErrorKind::cancelled, "told to stop");
  }
  SECTION("while it waits for a start that an earlier process requested") {
    stop_while_telling(world, "1");
    world.gateway.acts = false;
  }
  for (int stops = 0; stops < 5; ++stops) {
    REQUIRE_FALSE(world.run());
    CHECK(resumed(world) == 0);
  }
  // A crash there is counted all the same.
  world.gateway.activation = gateway::Activation{gateway::Use::in_use, "it has been started already"};
  world.gateway.on_verify = [] { throw Crash(); };
  for (int crashes = 1; crashes < 5; ++crashes) {
    CHECK_THROWS_AS(world.run(), Crash);
    CHECK(resumed(world) == crashes);
  }
}

TEST_CASE("stops of the daemon that the gateway does not survive are counted once each") {
  World world;
  world.gateway.verification = failure(ErrorKind::cancelled, "told to stop");
  REQUIRE_FALSE(world.run());
  for (int ends = 1; ends < 4; ++ends) {
    world.gateway.now.invocations["fake.service"] = std::to_string(1 + ends);
    for (int stops = 0; stops < 3; ++stops) {
      REQUIRE_FALSE(world.run());
      CHECK(resumed(world) == ends);
    }
  }
}

TEST_CASE("a gateway that was stopped on purpose is neither rolled back nor activated again") {
  World world;
  world.gateway.stopped = true;
  world.gateway.verification = std::string("it was stopped on request");
  const auto completed = world.run();
  REQUIRE(completed);
  CHECK(completed->activation.use == gateway::Use::not_running);
  CHECK(world.gateway.activations == 1);
  CHECK(read_file(world.keystore) == keystores().renewed);
  CHECK_THAT(world.events(), !ContainsSubstring("renewal_rolled_back") && !ContainsSubstring("gateway_verified") &&
                                 ContainsSubstring("renewal_completed"));
  // It has started with it before.
  CHECK(in_use(world));
}
