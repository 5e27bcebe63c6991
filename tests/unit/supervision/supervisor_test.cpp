#include <cerrno>
#include <system_error>

#include "core/text.hpp"
#include "state/history.hpp"
#include "state/retry_state.hpp"
#include "supervised.hpp"

using namespace renewd;
using namespace renewd::supervision;
using namespace renewd::testing;
using namespace std::chrono_literals;

namespace {

std::chrono::sys_seconds not_after(World& world, const std::string& keystore) {
  return world.open(keystore)->keystore.certificate.not_after();
}

}  // namespace

TEST_CASE("while the gateway does not use the new certificate yet, retries tighten as the one that it uses expires") {
  World world;
  world.settings.gateway.rollback = false;
  world.gateway.activation = failure(ErrorKind::gateway, "the gateway does not start");
  REQUIRE_FALSE(world.run());
  REQUIRE(read_file(world.keystore) == keystores().renewed);
  const state::StatePaths paths(world.directory / "state", "production");
  // After so many failures a retry may take half a day, where nothing else bounds it.
  REQUIRE(state::RetryStateStore(world.filesystem, paths).save({.failures_in_a_row = 20, .last_failure = "gateway"}));

  TimePoint in_use_until = not_after(world, keystores().installed);
  SECTION("as the previous keystore says") {}
  SECTION("as it was recorded") {
    in_use_until -= 24h;
    REQUIRE(state::History(world.filesystem, paths)
                .record_in_use({"0A", "FF", {}, std::chrono::floor<std::chrono::seconds>(in_use_until)}));
  }
  world.clock.time = in_use_until - 16min;
  const auto failed = first(world, "renewal_failed");
  const auto expected = *world.clock.time + 2min;  // an eighth
  INFO(boost::json::serialize(failed));
  CHECK(std::string(failed.at("retry_at").as_string()) <= format_time(expected));
}

TEST_CASE("an unreadable keystore is checked again in a minute, since the fix may be in another file") {
  World world;
  world.settings.keystore.password->value = Secret("another");
  world.clock.time = world.clock.now();  // it stands still
  const auto event = first(world, "certificate_unreadable");
  CHECK(event.at("next_check").as_string() == format_time(world.clock.now() + 1min));
}

TEST_CASE("an exception in a step is logged as a failure with its class, and the step is retried") {
  World world;
  world.gateway.activation = failure(ErrorKind::disk, "no descriptor");
  REQUIRE_FALSE(world.run());  // so that the supervisor has something to do at once
  world.gateway.on_activate = [] { throw std::system_error(EMFILE, std::generic_category(), "making a pipe"); };
  const auto failed = first(world, "renewal_failed");
  CHECK(failed.at("class") == "disk");
  CHECK_THAT(std::string(failed.at("message").as_string()), ContainsSubstring("making a pipe"));
  CHECK(failed.contains("retry_at"));
}

TEST_CASE("an activation that fails for lack of resources is retried, and nothing is rolled back") {
  World world;
  world.gateway.activation = system_failure(ErrorKind::gateway, "making a pipe", EMFILE);
  const auto result = world.run();
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == ErrorKind::disk);
  CHECK(read_file(world.keystore) == keystores().renewed);
  world.gateway.activation = gateway::Activation{gateway::Use::in_use, "restarted"};
  CHECK(world.run());
  CHECK_THAT(world.events(), ContainsSubstring("renewal_completed") && !ContainsSubstring("rolled_back"));
}

TEST_CASE("the roll-back of a resumed renewal is not reported as an external replacement") {
  World world;
  world.gateway.activation = failure(ErrorKind::disk, "no descriptor");
  REQUIRE_FALSE(world.run());
  REQUIRE(read_file(world.keystore) == keystores().renewed);
  refuse_the_new_one(world);
  CHECK_FALSE(first(world, "renewal_failed").empty());
  CHECK(read_file(world.keystore) == keystores().installed);
  CHECK_THAT(world.events(),
             ContainsSubstring("renewal_rolled_back") && !ContainsSubstring("certificate_changed_on_disk"));
}

TEST_CASE("a certificate that a renewal installed is announced when it comes back later from elsewhere") {
  World world;
  const World::Objects objects(world);
  Announcer announcer(objects.context, world.settings, 12h);
  KeystoreObserver observer(objects.context, announcer, {world.directory / "state", "production"});
  const auto observe = [&](const std::string& keystore) {
    const auto before = world.events().size();
    observer.observe(world.open(keystore).value(), world.clock.now());
    return world.events().size() > before;
  };
  CHECK_FALSE(observe(keystores().installed));
  observer.expect(world.open(keystores().renewed)->keystore.certificate);
  CHECK_FALSE(observe(keystores().renewed));
  CHECK(observe(keystores().newest));
  CHECK(observe(keystores().renewed));
}
