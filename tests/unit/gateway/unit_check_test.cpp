#include "gateway/unit_check.hpp"

#include "gateway/system_bus.hpp"
#include "support/catch.hpp"

using namespace renewd;
using namespace renewd::gateway;

namespace {

UnitState unit(const std::string& active_state) {
  UnitState state;
  state.name = "gateway.service";
  state.active_state = active_state;
  state.sub_state = "running";
  state.start_began = 1'000'000;
  state.became_active = 1'000'000;
  state.main_process_started = 1'000'000;
  state.main_process_started_at = 1'700'000'000'000'000;
  return state;
}

constexpr std::chrono::seconds kStaysUpFor{180};

GatewayState seen(const std::vector<UnitState>& units, std::chrono::seconds since_boot = std::chrono::hours(1),
                  std::int64_t requested_restarts = 0) {
  return state_of(units, {kStaysUpFor, requested_restarts, std::chrono::steady_clock::time_point(since_boot)})
      .value()
      .value();
}

}  // namespace

TEST_CASE("a gateway is up if all of its units are, since the first of them started") {
  UnitState other = unit("active");
  other.name = "api.service";
  other.main_process_started_at -= 5'000'000;
  const GatewayState up = seen({unit("active"), other});
  CHECK(up.health == Health::up);
  CHECK(up.running_since == TimePoint(std::chrono::seconds(1'699'999'995)));
  CHECK(up.up_for > std::chrono::microseconds(0));
  CHECK(seen({unit("reloading")}).health == Health::up);
}

TEST_CASE("a unit without a main process does not say since when it runs") {
  UnitState target = unit("active");
  target.main_process_started_at = 0;
  CHECK_FALSE(seen({target}).running_since);
}

TEST_CASE("the worst unit decides, and is named") {
  UnitState failed = unit("failed");
  failed.name = "api.service";
  const GatewayState down = seen({unit("active"), failed, unit("inactive")});
  CHECK(down.health == Health::down);
  CHECK(down.unit == "api.service");
  CHECK_THAT(down.message, ContainsSubstring("api.service has failed"));
  CHECK_FALSE(down.running_since);
}

TEST_CASE("a unit that an operator stopped is stopped, and one that ended is down") {
  for (const char* const state : {"inactive", "failed"}) {
    UnitState stopped = unit(state);
    stopped.stop_began = 2'000'000;
    stopped.main_process_ended = 2'000'001;
    CHECK(seen({stopped}).health == Health::stopped);
    UnitState ended = unit(state);
    ended.main_process_ended = 2'000'000;
    ended.stop_began = 2'000'001;
    CHECK(seen({ended}).health == Health::down);
  }
  UnitState never_started = unit("inactive");
  never_started.start_began = 0;
  CHECK(seen({never_started}).health == Health::stopped);
}

TEST_CASE("a unit that is being started is changing, one that systemd starts again after it ended is down") {
  CHECK(seen({unit("activating")}).health == Health::changing);
  CHECK(seen({unit("deactivating")}).health == Health::changing);
  UnitState crashed = unit("activating");
  crashed.sub_state = "auto-restart";
  CHECK(seen({crashed}).health == Health::down);
}

TEST_CASE("a unit that systemd has restarted by itself is down until it has stayed up") {
  UnitState crashed = unit("active");
  crashed.automatic_restarts = 1;
  crashed.became_active = 100'000'000;
  const GatewayState down = seen({crashed}, std::chrono::seconds(100) + kStaysUpFor - std::chrono::seconds(1));
  CHECK(down.health == Health::down);
  CHECK(down.unit == "gateway.service");
  CHECK_THAT(down.message, ContainsSubstring("has ended by itself") && ContainsSubstring("1 automatic restart"));
  // Otherwise it would count as a gateway that started with the installed keystore.
  CHECK_FALSE(down.running_since);
  const GatewayState up = seen({crashed}, std::chrono::seconds(100) + kStaysUpFor);
  CHECK(up.health == Health::up);
  CHECK(up.running_since);
  SECTION("also while it is being started again, or has just ended") {
    crashed.active_state = GENERATE("activating", "deactivating");
    crashed.has_job = crashed.active_state == "activating";
    CHECK(seen({crashed}).health == Health::down);
  }
  SECTION("but not while an operator stops it") {
    crashed.active_state = "deactivating";
    crashed.has_job = true;
    CHECK(seen({crashed}).health == Health::changing);
  }
  SECTION("but not after a restart that a signal requested") {
    CHECK(seen({crashed}, std::chrono::seconds(101), 1).health == Health::up);
  }
}

TEST_CASE("a unit that cannot be loaded says nothing about the gateway, and neither does a silent bus") {
  const Result<std::vector<UnitState>> missing = failure(ErrorKind::gateway, "gateway.service does not exist");
  CHECK_FALSE(state_of(missing, {kStaysUpFor}).value());
  const Result<std::vector<UnitState>> silent = failure(kInconclusive, "no reply in time");
  CHECK(state_of(silent, {kStaysUpFor}).error().kind == kInconclusive);
}
