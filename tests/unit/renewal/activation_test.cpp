// Making the gateway use the new keystore, over crashes, stops and activations that fail.
#include "installation/journal.hpp"
#include "renewal/renewal.hpp"
#include "support/catch.hpp"
#include "support/crashing_filesystem.hpp"
#include "unit/renewal/world.hpp"

using namespace renewd;
using namespace renewd::renewal;
using namespace renewd::testing;

TEST_CASE("where the log ended is noted before each activation, and outlives a crash until the verification") {
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
  // Looked at once more, told again, and rolled back.
  CHECK(world.gateway.verifications == 4);
  CHECK(world.gateway.activations == 3);
}

TEST_CASE("a gateway that comes up and is not well is told again, where nothing is rolled back") {
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

TEST_CASE("a start that nobody saw come up is looked at, and repeated when it is not well") {
  World world;
  world.gateway.on_verify = [] { throw Crash(); };
  CHECK_THROWS_AS(world.run(), Crash);
  const bool well = GENERATE(true, false);
  CAPTURE(well);
  if (!well) {
    // As on a host that starts: the gateway comes up after we have looked.
    world.gateway.verification = failure(ErrorKind::gateway, "ActiveState=activating");
    world.gateway.on_activate = [&] { world.gateway.verification = std::string("well"); };
  }
  world.gateway.on_verify = [] {};
  REQUIRE(world.run());
  CHECK(world.gateway.activations == (well ? 1 : 2));
  CHECK(world.cloud.requests == 1);
  CHECK(read_file(world.keystore) == keystores().renewed);
}

TEST_CASE("a unit that an activation left down is started by the next process, too") {
  World world;
  refuse_to_start(world);
  SECTION("with the old keystore, after a crash in the middle of going back") {
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
    // It is up again: what is up is noted anew.
    world.gateway.now.running = {"another.service"};
    REQUIRE(world.run());
    CHECK(world.gateway.last_before->running == std::vector<std::string>{"another.service"});
  }
  SECTION("with the new keystore, where it is not rolled back") {
    world.settings.gateway.rollback = false;
    world.gateway.on_activate = [&] { world.gateway.now.running.clear(); };
    REQUIRE_FALSE(world.run());
    world.gateway.activation = gateway::Activation{gateway::Use::in_use, "restarted"};
    REQUIRE(world.run());
    CHECK(world.gateway.last_before->running == std::vector<std::string>{"fake.service"});
  }
}

namespace {

// As SIGTERM to the daemon ends it while it tells the gateway; the gateway is started all the same.
void stop_while_telling(World& world, const std::string& run) {
  world.gateway.activation = failure(ErrorKind::cancelled, "told to stop");
  const auto stopped = world.run();
  REQUIRE_FALSE(stopped);
  CHECK(stopped.error().kind == ErrorKind::cancelled);
  world.gateway.now.invocations["fake.service"] = run;
}

int resumed(World& world) {
  const auto entry = installation::Journal(world.filesystem, {world.directory / "state", "production"}).peek();
  REQUIRE(entry);
  return entry->resumed;
}

}  // namespace

TEST_CASE("whoever goes on with an activation that was interrupted knows how the gateway was before it") {
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

TEST_CASE("an activation that has failed is begun again, whatever the gateway was started with") {
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

TEST_CASE("a command by hand tells a gateway again that was being told") {
  World world;
  stop_while_telling(world, "2");
  world.gateway.activation = gateway::Activation{gateway::Use::in_use, "restarted"};
  std::string told_in;
  world.gateway.on_activate = [&] { told_in = world.gateway.last_before->invocations.at("fake.service"); };
  REQUIRE(world.run(&Renewal::activate_installed));
  CHECK(told_in == "2");
}

TEST_CASE("a daemon that is stopped whenever it tells the gateway is counted as one that crashes there") {
  World world;
  SECTION("going forward") {
    for (int stops = 0; stops < 4; ++stops) {
      stop_while_telling(world, "1");
      CHECK(resumed(world) == stops);
    }
  }
  SECTION("going back") {
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
  SECTION("to and fro between telling it and looking at it") {
    world.gateway.activation = gateway::Activation{gateway::Use::in_use, "restarted"};
    world.gateway.on_activate = [&] { world.gateway.verification = failure(ErrorKind::cancelled, "told to stop"); };
    for (int stops = 0; stops < 4; ++stops) {
      world.gateway.verification = failure(ErrorKind::gateway, "not well");
      REQUIRE_FALSE(world.run());
      CHECK(resumed(world) == stops);
    }
  }
}

TEST_CASE("a gateway that could not be told yet is told later, and nothing is rolled back") {
  World world;
  const Error unanswered{ErrorKind::disk, "no answer in time"};
  SECTION("before it is told") {
    world.gateway.unanswered = true;
  }
  SECTION("while it is told") {
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

TEST_CASE("whoever goes on with an activation that nobody answered for knows what had been started before it") {
  World world;
  world.gateway.activation = failure(ErrorKind::disk, "no answer in time");
  REQUIRE_FALSE(world.run());
  world.gateway.now.invocations["fake.service"] = "2";
  REQUIRE_FALSE(world.run());
  CHECK(world.gateway.last_before->invocations.at("fake.service") == "1");
}

TEST_CASE("what an unlucky boot has logged does not count against a gateway that an earlier process has told") {
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

TEST_CASE("stops of a daemon that does nothing to the gateway any more are not counted") {
  World world;
  SECTION("while it is verified") {
    world.gateway.verification = failure(ErrorKind::cancelled, "told to stop");
  }
  SECTION("while a start that an earlier process has asked for is awaited") {
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

TEST_CASE("stops of the daemon that the gateway does not survive are counted, each once") {
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

TEST_CASE("a gateway that was stopped on purpose is not rolled back, nor told again") {
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
