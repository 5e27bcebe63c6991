#include <boost/algorithm/string/join.hpp>

#include "renewal/renewal.hpp"
#include "report/certificate_status.hpp"
#include "state/generations.hpp"
#include "state/history.hpp"
#include "support/catch.hpp"
#include "support/crashing_filesystem.hpp"
#include "unit/renewal/world.hpp"

using namespace renewd;
using namespace renewd::renewal;
using namespace renewd::testing;

namespace {

state::StatePaths paths_of(const World& world) {
  return {world.directory / "state", "production"};
}

std::string generation(World& world, int number) {
  return state::Generations(world.filesystem, paths_of(world)).read(number).value();
}

bool in_use_is(World& world, const std::string& keystore) {
  const auto opened = world.open(keystore);
  const auto in_use = state::History(world.filesystem, paths_of(world)).in_use();
  return in_use && in_use->fingerprint == opened->keystore.certificate.fingerprint_sha256();
}

// A host whose keystore was renewed once.
void renew(World& world) {
  REQUIRE(world.run());
  REQUIRE(read_file(world.keystore) == keystores().renewed);
}

}  // namespace

TEST_CASE("a roll-back by hand installs the previous keystore, and stores the installed one") {
  World world;
  renew(world);
  const auto went_back = world.restore();
  REQUIRE(went_back);
  CHECK(read_file(world.keystore) == keystores().installed);
  CHECK(generation(world, 2) == keystores().renewed);
  CHECK(world.gateway.activations == 2);
  CHECK(in_use_is(world, keystores().installed));
  CHECK_THAT(world.events(), Catch::Matchers::EndsWith("gateway_activated gateway_verified renewal_rolled_back"));
  CHECK_FALSE(std::filesystem::exists(paths_of(world).journal()));

  SECTION("and the one that it replaced can be chosen again by its number") {
    const state::Generations generations(world.filesystem, paths_of(world));
    const auto installed_until = world.installed()->keystore.certificate.not_after();
    const auto longer_lasting = state::longer_lasting(generations, installed_until);
    REQUIRE(longer_lasting);
    CHECK(longer_lasting->number == 2);
    const auto forward = world.restore(2);
    REQUIRE(forward);
    CHECK(read_file(world.keystore) == keystores().renewed);
    CHECK(world.cloud.requests == 1);
    CHECK(world.gateway.activations == 3);
    CHECK(in_use_is(world, keystores().renewed));
    CHECK_FALSE(state::longer_lasting(generations, world.installed()->keystore.certificate.not_after()));
    CHECK_FALSE(std::filesystem::exists(paths_of(world).journal()));
  }
  SECTION("but one that is not stored, or already installed, cannot") {
    const auto unknown = world.restore(9);
    REQUIRE_FALSE(unknown);
    CHECK_THAT(unknown.error().message, ContainsSubstring("generation 9") &&
                                            ContainsSubstring("generation 1 (serial") &&
                                            ContainsSubstring("generation 2 (serial"));
    const auto same = world.restore(1);
    REQUIRE_FALSE(same);
    CHECK_THAT(same.error().message,
               ContainsSubstring("generation 1") && ContainsSubstring("`gravitee-renewd activate production`"));
    CHECK(read_file(world.keystore) == keystores().installed);
    CHECK(world.gateway.activations == 2);
  }
  SECTION("but not again: there is no earlier one") {
    const auto again = world.restore();
    REQUIRE_FALSE(again);
    CHECK_THAT(again.error().message, ContainsSubstring("generation 1"));
    CHECK(read_file(world.keystore) == keystores().installed);
  }
  SECTION("and the next renewal is a new one") {
    world.cloud.response->body = base64(keystores().newest);
    REQUIRE(world.run());
    CHECK(read_file(world.keystore) == keystores().newest);
    CHECK(world.cloud.requests == 2);
  }
}

TEST_CASE("a roll-back by hand needs a usable previous keystore") {
  World world;
  SECTION("a generation") {
    const auto went_back = world.restore();
    REQUIRE_FALSE(went_back);
    CHECK_THAT(went_back.error().message, ContainsSubstring(paths_of(world).generations().string()));
  }
  SECTION("one that has not expired") {
    renew(world);
    world.clock.time = std::chrono::system_clock::now() + std::chrono::days(20);
    const auto went_back = world.restore();
    REQUIRE_FALSE(went_back);
    CHECK_THAT(went_back.error().message, ContainsSubstring("generation 1 expired at"));
    CHECK(read_file(world.keystore) == keystores().renewed);
  }
  SECTION("one that opens") {
    renew(world);
    world.settings.keystore.password->value = Secret("another");
    const auto went_back = world.restore();
    REQUIRE_FALSE(went_back);
    CHECK_THAT(went_back.error().message, ContainsSubstring("generation 1: ") && ContainsSubstring("password"));
    CHECK(read_file(world.keystore) == keystores().renewed);
  }
  CHECK(world.gateway.activations <= 1);
}

TEST_CASE("for a missing keystore, the advice names the newest usable backup") {
  World world;
  std::filesystem::remove(world.keystore);
  auto gone = world.restore();
  REQUIRE_FALSE(gone);
  CHECK_THAT(gone.error().message, ContainsSubstring("No such file"));
  CHECK_THAT(gone.error().advice, ContainsSubstring("put the keystore back") && !ContainsSubstring("generations/"));
  World renewed;
  REQUIRE(renewed.run());
  std::filesystem::remove(renewed.keystore);
  gone = renewed.restore();
  REQUIRE_FALSE(gone);
  CHECK_THAT(gone.error().advice, ContainsSubstring("state/production/generations/2 (valid until 20"));
  CHECK_FALSE(std::filesystem::exists(renewed.keystore));
}

TEST_CASE("a roll-back by hand replaces a keystore that does not open by the one that was installed before it") {
  World world;
  renew(world);
  write_file(world.keystore, "not a keystore");
  REQUIRE(world.restore());
  CHECK(read_file(world.keystore) == keystores().renewed);
  CHECK(generation(world, 3) == "not a keystore");
}

TEST_CASE("a roll-back by hand sets a waiting answer aside") {
  World world;
  renew(world);
  write_file(paths_of(world).answer(), base64(keystores().newest));
  REQUIRE(world.restore());
  CHECK_FALSE(std::filesystem::exists(paths_of(world).answer()));
  CHECK_THAT(boost::algorithm::join(world.state(), " "), ContainsSubstring("answer-rejected-"));
}

TEST_CASE(
    "a gateway that does not come up after a roll-back by hand keeps the previous keystore, and is activated again") {
  World world;
  renew(world);
  world.gateway.activation = failure(ErrorKind::gateway, "the gateway does not start");
  const auto went_back = world.restore();
  REQUIRE_FALSE(went_back);
  CHECK(went_back.error().kind == ErrorKind::gateway);
  CHECK(read_file(world.keystore) == keystores().installed);
  world.gateway.activation = gateway::Activation{gateway::Use::in_use, "restarted"};
  REQUIRE_FALSE(world.run());  // the roll-back is what it carries on with
  CHECK(world.cloud.requests == 1);
  CHECK(in_use_is(world, keystores().installed));
}

TEST_CASE("a roll-back by hand starts a gateway that a renewal has left down") {
  World world;
  renew(world);
  world.settings.gateway.rollback = false;
  world.cloud.response->body = base64(keystores().newest);
  world.gateway.activation = failure(ErrorKind::gateway, "the gateway does not start");
  REQUIRE_FALSE(world.run());
  REQUIRE(read_file(world.keystore) == keystores().newest);
  world.gateway.now.running.clear();
  world.gateway.activation = gateway::Activation{gateway::Use::in_use, "restarted"};
  REQUIRE(world.restore());
  CHECK(read_file(world.keystore) == keystores().renewed);
  CHECK(world.gateway.last_before->running == std::vector<std::string>{"fake.service"});
}

TEST_CASE("a roll-back by hand is completed after a crash, whatever gateway.rollback says") {
  World world;
  renew(world);
  world.settings.gateway.rollback = false;
  world.gateway.on_activate = [] { throw Crash(); };
  CHECK_THROWS_AS(world.restore(), Crash);
  world.gateway.on_activate = [] {};
  REQUIRE_FALSE(world.run());
  CHECK(world.gateway.activations == 3);
  CHECK(in_use_is(world, keystores().installed));
}

TEST_CASE("the oldest generation can be chosen, and stays until it is in use") {
  World world;
  renew(world);
  world.cloud.response->body = base64(keystores().newest);
  REQUIRE(world.run());
  REQUIRE(generation(world, 3) == keystores().newest);
  write_file(world.keystore, "another");
  // Storing the installed keystore makes a fourth generation, but after a crash the first must still be there.
  world.gateway.on_activate = [] { throw Crash(); };
  CHECK_THROWS_AS(world.restore(1), Crash);
  world.gateway.on_activate = [] {};
  CHECK(generation(world, 1) == keystores().installed);
  CHECK(generation(world, 4) == "another");
  REQUIRE_FALSE(world.run());  // finishes the roll-back
  CHECK(in_use_is(world, keystores().installed));
}

TEST_CASE("an expired or damaged generation cannot be chosen") {
  World world;
  renew(world);
  REQUIRE(world.restore());
  const int activations = world.gateway.activations;
  std::string expected;
  SECTION("expired") {
    world.clock.time = std::chrono::system_clock::now() + std::chrono::years(20);
    expected = "expired";
  }
  SECTION("damaged") {
    write_file(paths_of(world).generations() / "2", "damaged");
    expected = "installing generation 2";
  }
  const auto refused = world.restore(2);
  REQUIRE_FALSE(refused);
  CHECK_THAT(refused.error().message, ContainsSubstring(expected));
  CHECK(read_file(world.keystore) == keystores().installed);
  CHECK(world.gateway.activations == activations);
}

TEST_CASE("a power cut during a roll-back by hand leaves a complete keystore, and a gateway that uses it") {
  const auto cut = GENERATE(PowerCut::loses_all, PowerCut::tears_appends, PowerCut::keeps_names);
  CAPTURE(static_cast<int>(cut));
  int crashes = 0;
  for (int at = 1;; ++at) {
    CAPTURE(at);
    World world;
    renew(world);
    const int activations = world.gateway.activations;
    CrashingFilesystem disk(world.directory.path(), at);
    world.disk = &disk;
    try {
      const auto went_back = world.restore();
      REQUIRE(went_back);
      break;
    } catch (const Crash&) {
      ++crashes;
    }
    disk.lose_what_was_not_synced(cut);
    world.disk = nullptr;
    const std::string keystore = read_file(world.keystore);
    CHECK((keystore == keystores().installed || keystore == keystores().renewed));
    const auto unfinished = world.unfinished();
    REQUIRE(unfinished);
    if (*unfinished) {
      (void)world.run();
    }
    if (read_file(world.keystore) == keystores().installed) {
      CHECK(world.gateway.activations > activations);
    }
  }
  CHECK(crashes > 15);
}

TEST_CASE("the gateway step can be repeated by hand") {
  World world;
  SECTION("for the installed keystore") {
    REQUIRE(world.run(&Renewal::activate_installed));
    CHECK(world.cloud.requests == 0);
    CHECK(world.gateway.activations == 1);
    CHECK(world.gateway.verifications == 1);
    CHECK(in_use_is(world, keystores().installed));
    CHECK(world.events() == "gateway_activated gateway_verified");
    CHECK_THAT(read_file(paths_of(world).history()), ContainsSubstring("\"outcome\":\"activated\""));
  }
  SECTION("for a renewal that only waits for it") {
    world.settings.gateway.rollback = false;
    world.gateway.activation = failure(ErrorKind::gateway, "the gateway does not start");
    REQUIRE_FALSE(world.run());
    world.gateway.activation = gateway::Activation{gateway::Use::in_use, "restarted"};
    REQUIRE(world.run(&Renewal::activate_installed));
    CHECK(read_file(world.keystore) == keystores().renewed);
    CHECK(in_use_is(world, keystores().renewed));
    CHECK_FALSE(std::filesystem::exists(paths_of(world).journal()));
  }
  SECTION("and a stored answer still waits for its turn") {
    world.gateway.on_activate = [&] {
      const bool old = read_file(world.keystore) == keystores().installed;
      world.gateway.activation = old ? Result<gateway::Activation>(gateway::Activation{gateway::Use::in_use, "up"})
                                     : failure(ErrorKind::gateway, "the gateway does not start");
    };
    REQUIRE_FALSE(world.run());
    REQUIRE(world.run(&Renewal::activate_installed));
    CHECK(read_file(world.keystore) == keystores().installed);
    CHECK(std::filesystem::exists(paths_of(world).answer()));
    CHECK(std::filesystem::exists(paths_of(world).journal()));
  }
  SECTION("and fails when the gateway does") {
    world.gateway.verification = failure(ErrorKind::gateway, "not well");
    const auto activated = world.run(&Renewal::activate_installed);
    REQUIRE_FALSE(activated);
    CHECK_THAT(activated.error().message, ContainsSubstring("verifying the gateway with the installed keystore"));
    CHECK(read_file(world.keystore) == keystores().installed);
    // The next run starts the unit that it has left down.
    world.gateway.now.running.clear();
    world.gateway.verification = std::string("well");
    REQUIRE(world.run(&Renewal::activate_installed));
    CHECK(world.gateway.last_before->running == std::vector<std::string>{"fake.service"});
    CHECK(world.cloud.requests == 0);
  }
}
