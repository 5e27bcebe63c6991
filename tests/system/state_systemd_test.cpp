// The state of a gateway's units, and its changes as systemd signals them.
#include "gateway/unit_watch.hpp"
#include "support/catch.hpp"
#include "support/command.hpp"
#include "system/machine.hpp"
#include "unit/gateway/running.hpp"

namespace {

using namespace renewd;
using namespace renewd::gateway;
using renewd::testing::Machine;
using renewd::testing::run_or_throw;

struct Watched : gateway::testing::GatewayUnderTest {
  explicit Watched(std::vector<std::string> units)
      : GatewayUnderTest({.action = configuration::SystemdGateway{std::move(units)}}) {}
  GatewayState state() { return loop.finish(gateway->state(std::chrono::seconds(10))).value().state.value(); }
};

boost::asio::awaitable<bool> run_watch(UnitWatch& watch) {
  co_await watch.run();
  co_return true;
}

}  // namespace

TEST_CASE("the state of a unit follows what systemd and operators do with it") {
  Machine machine;
  machine.add_unit("state", "ExecStart=/bin/sh -c 'test ! -e /run/state || exit 3; exec sleep infinity'");
  Watched gateway({"state"});
  CHECK(gateway.state().health == Health::stopped);
  machine.start("state");
  const GatewayState up = gateway.state();
  CHECK(up.health == Health::up);
  REQUIRE(up.running_since);
  CHECK(std::chrono::abs(*up.running_since - std::chrono::system_clock::now()) < std::chrono::minutes(5));
  run_or_throw({"systemctl", "stop", "state"});
  CHECK(gateway.state().health == Health::stopped);
  machine.start("state");
  run_or_throw({"systemctl", "kill", "--signal=KILL", "state"});
  while (machine.property("state", "ActiveState") == "active") {
  }
  const GatewayState down = gateway.state();
  CHECK(down.health == Health::down);
  CHECK(down.unit == "state.service");
}

TEST_CASE("a unit that ends again and again is down, whenever it is looked at, until it is started by hand") {
  Machine machine;
  machine.add_unit("crashing",
                   "ExecStart=/bin/sh -c 'test -e /run/crashing || exec sleep infinity; sleep 0.3; exit 3'\n"
                   "Restart=on-failure",
                   "StartLimitIntervalSec=0");
  machine.set_switch("crashing");
  machine.start("crashing");
  Watched gateway({"crashing"});
  while (machine.property("crashing", "NRestarts") == "0") {
  }
  for (int look = 0; look < 20; ++look) {
    const GatewayState down = gateway.state();
    INFO(down.message);
    CHECK(down.health == Health::down);
    CHECK_FALSE(down.running_since);
  }
  machine.clear_switch("crashing");
  run_or_throw({"systemctl", "restart", "crashing"});
  CHECK(gateway.state().health == Health::up);
}

TEST_CASE("a unit that does not exist prevents an activation, and says nothing about the gateway") {
  const Machine machine;
  Watched gateway({"no-such-gateway"});
  CHECK_FALSE(gateway.loop.finish(gateway.gateway->state(std::chrono::seconds(10))).value().state);
  const auto possible = gateway.loop.finish(gateway.gateway->check_activation());
  REQUIRE_FALSE(possible);
  CHECK(possible.error().kind == ErrorKind::gateway);
}

TEST_CASE("each change of a watched unit is noticed, also by an alias") {
  Machine machine;
  machine.add_running_unit("watched");
  machine.add_alias("watched-alias.service", "watched.service");
  gateway::testing::Loop loop;
  UnitWatch watch(loop.io.get_executor());
  int changes = 0;
  const auto watching = watch.watch({"watched-alias.service"}, [&changes] { ++changes; });
  const auto until = [&](int at_least) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(2);
    loop.io.restart();
    while (changes < at_least) {
      REQUIRE(loop.io.run_one_until(end) == 1);
    }
  };
  bool ended = false;
  boost::asio::co_spawn(loop.io, gateway::testing::as_root(run_watch(watch)),
                        boost::asio::bind_cancellation_slot(
                            loop.stop.slot(), [&ended](const std::exception_ptr&, bool done) { ended = done; }));
  until(1);  // the watch has begun
  const int begun = changes;
  run_or_throw({"systemctl", "stop", "watched"});
  until(begun + 1);
  // Another watcher begins the watch again, of both.
  int others = 0;
  const auto another = watch.watch({"watched.service"}, [&others] { ++others; });
  const int stopped = changes;
  until(stopped + 1);
  CHECK(others > 0);
  const int again = changes;
  machine.start("watched");
  until(again + 1);
  loop.cancel();
  while (!ended) {
    REQUIRE(loop.io.run_one_for(std::chrono::minutes(2)) == 1);
  }
}
