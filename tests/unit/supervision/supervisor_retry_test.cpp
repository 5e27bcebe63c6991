// When the next attempt follows a failure at once.
#include "state/observation.hpp"
#include "state/retry_state.hpp"
#include "supervised.hpp"
#include "supervision/inputs.hpp"

using namespace renewd;
using namespace renewd::supervision;
using namespace renewd::testing;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::hours kRetryLater{10};

state::RetryState failing(World& world, const std::string& error_class) {
  return {.failures_in_a_row = 1,
          .last_failure = error_class,
          .failed_at = world.clock.now(),
          .not_before = world.clock.now() + kRetryLater};
}

// What an earlier process left behind.
void leave(World& world, const std::string& error_class, const state::Observation& seen) {
  const state::StatePaths paths(world.directory / "state", "production");
  REQUIRE(state::RetryStateStore(world.filesystem, paths).save(failing(world, error_class)));
  REQUIRE(state::ObservationStore(world.filesystem, paths).save(seen));
}

void make_due(World& world) {
  world.clock.time = world.clock.now() + 6 * 24h;
}

}  // namespace

TEST_CASE("the next attempt follows at once when what prevented the renewal is gone") {
  World world;
  make_due(world);
  leave(world, "gateway", {.activation = Problem{"fake.service does not exist on this host"}});
  CHECK_FALSE(first(world, "renewal_completed").empty());
  CHECK(world.gateway.activations == 1);
  CHECK(world.cloud.requests == 1);
  CHECK_FALSE(stored_observation(world).activation);
}

TEST_CASE("the next attempt waits while the same thing prevents the renewal") {
  World world;
  make_due(world);
  world.gateway.possible = failure(ErrorKind::gateway, "fake.service does not exist on this host");
  leave(world, "gateway", {.activation = Problem{"fake.service does not exist on this host"}});
  CHECK(first(world, "certificate_checked").at("reason") == "retry");
  CHECK(world.cloud.requests == 0);
}

TEST_CASE("the next attempt follows at once when an input has other contents, if the failure depends on it") {
  World world;
  make_due(world);
  const auto before = Inputs(world.settings, {}).read();
  write_file(world.directory / "token", "another-token\n");
  const auto run_until = [&](const char* failure, const char* event) {
    Supervised supervised(world, {}, Inheritance{failing(world, failure), before});
    supervised.run_until([&] { return world.events().find(event) != std::string::npos; });
  };
  SECTION("it does") {
    run_until("unauthorized", "renewal_completed");
  }
  SECTION("it does not") {
    run_until("gateway", "certificate_checked");
    CHECK(first(world, "certificate_checked").at("reason") == "retry");
  }
}

TEST_CASE("a supervisor with other settings continues the count of failures, and tries again at once") {
  World world;
  make_due(world);
  world.cloud.response = failure(ErrorKind::tls, "not trusted");
  const auto next_event = [&](TimePoint changed) {
    Supervised supervised(world, changed, Inheritance{failing(world, "tls"), {}});
    supervised.run_until([&] { return world.events().find("certificate_checked") != std::string::npos; });
    supervised.run_until([&] { return !supervised.board.standings().empty(); });
    return supervised.board.standings().at("production").attempts.failures_in_a_row;
  };
  SECTION("the same settings") {
    CHECK(next_event(world.clock.now() - 1s) == 1);
    CHECK(world.cloud.requests == 0);
  }
  SECTION("other settings") {
    (void)next_event(world.clock.now() + 1s);
    CHECK(first(world, "renewal_failed").at("failures_in_a_row") == 2);
  }
}
