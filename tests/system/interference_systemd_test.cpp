// Whoever else starts, stops and reloads the gateway, the bus or systemd itself while a gateway is activated or
// verified: what is healthy, or was stopped on purpose, is no failure.

#include <csignal>
#include <filesystem>

#include "gateway/gateway.hpp"
#include "gateway/system_bus.hpp"
#include "support/catch.hpp"
#include "support/command.hpp"
#include "support/temporary_directory.hpp"
#include "system/machine.hpp"
#include "unit/gateway/running.hpp"

namespace {

using namespace renewd;
using namespace renewd::gateway;
using renewd::testing::Machine;
using Setting = configuration::SystemdGateway::Action;

// So that a verification looks for ten seconds at least.
constexpr std::chrono::seconds kTimeout{120};

struct Disturbed {
  explicit Disturbed(configuration::GatewaySettings settings) {
    settings.verify_timeout = kTimeout;
    gateway = make_gateway(loop.io.get_executor(), settings, {}, {}, {});
    note();
  }
  explicit Disturbed(const std::string& unit, Setting setting = Setting::try_restart)
      : Disturbed({.action = configuration::SystemdGateway{{unit}, setting}}) {}

  // As before each activation that does not go on with another.
  void note() {
    const Units units = loop.finish(gateway->units()).value();
    before = {units.running, std::chrono::system_clock::now(), gateway->log_position(), units.invocations};
  }
  Result<Activation> activate() { return loop.finish(gateway->activate(before)); }
  Result<Activation> verify() { return loop.finish(gateway->verify(before)); }

  gateway::testing::Loop loop;
  std::unique_ptr<renewd::gateway::Gateway> gateway;
  GatewaySnapshot before;
};

// Does not wait for its end: it comes while the test waits for the gateway.
void in_a_second(const std::string& command) {
  renewd::testing::run_or_throw({"/bin/sh", "-c", "(sleep 1; " + command + ") >/dev/null 2>&1 &"});
}

// Its start is held up for as long as its switch is set.
void add_held(Machine& machine, const std::string& name) {
  machine.add_unit(name, "ExecStartPre=/bin/sh -c 'while test -e /run/" + name +
                             "; do sleep 0.1; done'\nExecStart=/bin/sleep infinity");
  machine.start(name);
}

void until_it_is(Machine& machine, const std::string& name, const std::string& state) {
  while (machine.property(name, "ActiveState") != state) {
  }
}

template <typename T>
std::string why(const Result<T>& result) {
  return result ? "" : result.error().message;
}

}  // namespace

TEST_CASE("a unit that was started after the keystore was replaced is not restarted") {
  Machine machine;
  machine.add_running_unit("told");
  Disturbed gateway("told");
  renewd::testing::run_or_throw({"systemctl", "restart", "told"});
  const pid_t pid = machine.main_pid("told");
  const auto activation = gateway.activate();
  INFO(why(activation));
  REQUIRE(activation);
  CHECK(activation->use == Use::in_use);
  CHECK(machine.main_pid("told") == pid);
  gateway.note();
  REQUIRE(gateway.activate());
  CHECK(machine.main_pid("told") != pid);
}

TEST_CASE("waits for a restart in progress, without beginning another or reporting a failure") {
  Machine machine;
  add_held(machine, "awaited");
  Disturbed gateway("awaited");
  machine.set_switch("awaited");
  SECTION("as an earlier process has asked for it") {
    renewd::testing::run_or_throw({"systemctl", "restart", "--no-block", "awaited"});
  }
  SECTION("by a job that no other may replace") {
    renewd::testing::run_or_throw({"systemctl", "restart", "--no-block", "--job-mode=replace-irreversibly", "awaited"});
  }
  until_it_is(machine, "awaited", "activating");
  const std::string invocation = machine.property("awaited", "InvocationID");
  in_a_second("rm /run/awaited");
  const auto activation = gateway.activate();
  INFO(why(activation));
  REQUIRE(activation);
  CHECK(activation->use == Use::in_use);
  CHECK(machine.property("awaited", "InvocationID") == invocation);
}

TEST_CASE("starts a unit again that an interrupted activation has left down, and reports that result") {
  Machine machine;
  machine.add_unit("unable",
                   "ExecStartPre=/bin/sh -c 'test ! -e /run/unable || exit 7'\nExecStart=/bin/sleep infinity");
  machine.start("unable");
  Disturbed gateway("unable");
  machine.set_switch("unable");
  renewd::testing::run({"systemctl", "restart", "unable"});
  const std::string invocation = machine.property("unable", "InvocationID");
  CHECK_THAT(why(gateway.activate()), ContainsSubstring("ActiveState=failed"));
  CHECK(machine.property("unable", "InvocationID") != invocation);
  machine.clear_switch("unable");
  const auto activation = gateway.activate();
  INFO(why(activation));
  REQUIRE(activation);
  CHECK(activation->use == Use::in_use);
}

TEST_CASE("the roll-back starts a unit that our own restart has stopped and not started") {
  Machine machine;
  machine.add_unit("needed", "Type=oneshot\nExecStart=/bin/sh -c 'test ! -e /run/needed'");
  machine.add_unit("dependent", "ExecStart=/bin/sleep infinity", "Requires=needed.service\nAfter=needed.service");
  machine.start("dependent");
  Disturbed gateway("dependent");
  machine.set_switch("needed");
  CHECK_THAT(why(gateway.activate()), ContainsSubstring("depend"));
  machine.clear_switch("needed");
  // As a roll-back notes things: which units ran stays, and so does what they were started as.
  const auto running = gateway.before.running;
  gateway.note();
  gateway.before.running = running;
  const auto activation = gateway.activate();
  INFO(why(activation));
  REQUIRE(activation);
  CHECK(activation->use == Use::in_use);
}

TEST_CASE("if one of two units is stopped on purpose, the other is still verified") {
  Machine machine;
  machine.add_running_unit("stopped");
  machine.add_unit("dying", "ExecStart=/bin/sleep infinity");
  machine.start("dying");
  Disturbed gateway({.action = configuration::SystemdGateway{{"dying", "stopped"}, Setting::try_restart}});
  REQUIRE(gateway.activate());
  renewd::testing::run_or_throw({"systemctl", "stop", "stopped"});
  in_a_second("kill -KILL " + std::to_string(machine.main_pid("dying")));
  CHECK_FALSE(gateway.verify());
}

TEST_CASE("a unit that reloads is running") {
  Machine machine;
  machine.add_unit("reloads",
                   "Type=notify\nNotifyAccess=all\nExecStart=/bin/sh -c 'systemd-notify --ready; systemd-notify "
                   "RELOADING=1; exec sleep infinity'");
  machine.start("reloads");
  Disturbed gateway("reloads");
  const auto activation = gateway.activate();
  INFO(why(activation));
  REQUIRE(activation);
  CHECK(activation->use == Use::in_use);
  until_it_is(machine, "reloads", "reloading");
  const auto verified = gateway.verify();
  INFO(why(verified));
  CHECK(verified);
}

TEST_CASE("an external restart during the verification is as good as ours, and verified as long") {
  Machine machine;
  add_held(machine, "theirs");
  Disturbed gateway("theirs");
  REQUIRE(gateway.activate());
  const pid_t ours = machine.main_pid("theirs");
  SECTION("at once") {
    in_a_second("systemctl restart theirs");
  }
  SECTION("over a while") {
    machine.set_switch("theirs");
    in_a_second("systemctl restart --no-block theirs; sleep 3; rm /run/theirs");
  }
  const auto verified = gateway.verify();
  INFO(why(verified));
  REQUIRE(verified);
  CHECK(verified->use == Use::in_use);
  CHECK(machine.main_pid("theirs") != ours);
  CHECK_THAT(verified->message, ContainsSubstring(std::to_string(machine.main_pid("theirs"))));
}

TEST_CASE("an external restart during ours is as good as ours") {
  Machine machine;
  add_held(machine, "replaced");
  Disturbed gateway("replaced");
  const pid_t before = machine.main_pid("replaced");
  machine.set_switch("replaced");
  SECTION("it takes the place of ours") {
    in_a_second("systemctl restart --no-block replaced; rm /run/replaced");
  }
  SECTION("after a stop") {
    in_a_second("systemctl stop replaced; systemctl start --no-block replaced; rm /run/replaced");
  }
  const auto activation = gateway.activate();
  INFO(why(activation));
  REQUIRE(activation);
  // Where it was still down when we looked, it reads the file at its start.
  CHECK((activation->use == Use::in_use || activation->use == Use::not_running));
  until_it_is(machine, "replaced", "active");
  CHECK(machine.main_pid("replaced") != before);
}

TEST_CASE("a unit that was stopped on purpose stays stopped") {
  Machine machine;
  // Ends as a JVM does, which systemd takes for a failure.
  const std::string jvm = "ExecStart=/bin/sh -c \"trap 'exit 143' TERM; while :; do sleep 0.1; done\"";
  // systemd unloads a unit that has ended successfully and that no other unit refers to.
  const std::string name = GENERATE("jvm", "clean", "unwanted");
  if (name != "unwanted") {
    std::filesystem::create_directories("/run/systemd/system/with-systemd.target.wants");
    machine.add_alias("with-systemd.target.wants/" + name + ".service", "../" + name + ".service");
  }
  machine.add_unit(name, name == "jvm" ? jvm : "ExecStart=/bin/sleep infinity");
  machine.start(name);
  Disturbed gateway(name);
  SECTION("during the verification") {
    REQUIRE(gateway.activate());
    in_a_second("systemctl stop " + name);
    const auto verified = gateway.verify();
    INFO(why(verified));
    REQUIRE(verified);
    CHECK(verified->use == Use::not_running);
  }
  SECTION("before an activation by another process") {
    if (name == "unwanted") {
      return;  // looks the same as after our own failed restart
    }
    renewd::testing::run_or_throw({"systemctl", "stop", name});
    const auto activation = gateway.activate();
    INFO(why(activation));
    REQUIRE(activation);
    CHECK(activation->use == Use::not_running);
  }
  CHECK(machine.property(name, "ActiveState") == (name == "jvm" ? "failed" : "inactive"));
}

TEST_CASE("an unreferenced unit is stopped on purpose between two checks, or ends by itself") {
  Machine machine;
  machine.add_unit("passing", "ExecStart=/bin/sh -c 'while test ! -e /run/passing; do sleep 0.1; done'");
  machine.start("passing");
  Disturbed gateway({.action = configuration::SystemdGateway{{"passing"}, Setting::try_restart}});
  REQUIRE(gateway.activate());
  SECTION("after an external restart") {
    in_a_second("systemctl restart passing; sleep 2; systemctl stop passing");
    const auto verified = gateway.verify();
    INFO(why(verified));
    REQUIRE(verified);
    CHECK(verified->use == Use::not_running);
  }
  SECTION("by itself, after an external restart") {
    in_a_second("systemctl restart passing; sleep 2; touch /run/passing");
    CHECK_THAT(why(gateway.verify()), ContainsSubstring("ActiveState="));
  }
}

TEST_CASE("an unreferenced unit that ends right after our restart was not stopped on purpose") {
  Machine machine;
  machine.add_unit("fleeting", "ExecStart=/bin/sh -c 'test ! -e /run/fleeting || exit 0; exec sleep infinity'");
  machine.start("fleeting");
  Disturbed gateway("fleeting");
  machine.set_switch("fleeting");
  const auto activation = gateway.activate();
  // Systemd may still have shown it as active then.
  CHECK((!activation || (activation->use == Use::in_use && !gateway.verify())));
}

TEST_CASE("a unit that an operator stops after our signal stays stopped, even if unreferenced") {
  Machine machine;
  machine.add_unit("dropped", "ExecStart=/bin/sleep infinity\nRestart=always\nRestartSec=1h");
  machine.start("dropped");
  Disturbed gateway({.action = configuration::SignalGateway{std::string("dropped"), SIGTERM}});
  in_a_second("systemctl stop dropped");
  const auto activation = gateway.activate();
  INFO(why(activation));
  REQUIRE(activation);
  CHECK(activation->use == Use::not_running);
}

TEST_CASE("isolating a target without the gateway stops it on purpose") {
  Machine machine;
  const bool with_bus = GENERATE(true, false);
  CAPTURE(with_bus);
  renewd::testing::write_file("/run/systemd/system/elsewhere.target",
                              std::string("[Unit]\nAllowIsolate=yes\nWants=") +
                                  (with_bus ? "dbus.socket dbus.service\n" : "systemd-journald.service\n"));
  machine.add_running_unit("isolated");
  Disturbed gateway("isolated");
  REQUIRE(gateway.activate());
  in_a_second("systemctl isolate elsewhere.target" +
              std::string(with_bus ? "" : "; sleep 3; systemctl start dbus.socket"));
  const auto verified = gateway.verify();
  renewd::testing::run_or_throw({"systemctl", "start", "dbus.socket", "basic.target"});
  INFO(why(verified));
  if (with_bus) {
    REQUIRE(verified);
    CHECK(verified->use == Use::not_running);
  } else {
    // While the bus was away, systemd has forgotten what became of it.
    CHECK((!verified || verified->use == Use::not_running));
  }
}

TEST_CASE("one connection that was opened in advance serves any number of activations") {
  Machine machine;
  machine.add_running_unit("again");
  SystemBus::connect_ahead();
  for (int times = 0; times < 2; ++times) {
    Disturbed gateway("again");
    const auto activation = gateway.activate();
    INFO(why(activation));
    REQUIRE(activation);
    CHECK(activation->use == Use::in_use);
    const auto verified = gateway.verify();
    INFO(why(verified));
    CHECK(verified);
  }
}

TEST_CASE("a bus that is down during activation or verification is not the gateway's fault") {
  Machine machine;
  machine.add_running_unit("unasked");
  Disturbed gateway("unasked");
  const auto short_of_time = make_gateway(gateway.loop.io.get_executor(),
                                          {.action = configuration::SystemdGateway{{"unasked"}, Setting::try_restart},
                                           .verify_timeout = std::chrono::seconds(2)},
                                          {}, {}, {});
  const pid_t pid = machine.main_pid("unasked");
  renewd::testing::run_or_throw({"systemctl", "stop", "dbus.socket", "dbus.service"});
  const auto activation = gateway.loop.finish(short_of_time->activate(gateway.before));
  const auto verified = gateway.loop.finish(short_of_time->verify(gateway.before));
  renewd::testing::run_or_throw({"systemctl", "start", "dbus.socket"});
  REQUIRE_FALSE(activation);
  CHECK(activation.error().kind == ErrorKind::disk);
  REQUIRE_FALSE(verified);
  CHECK(verified.error().kind == ErrorKind::disk);
  CHECK(machine.main_pid("unasked") == pid);
  REQUIRE(gateway.activate());
  CHECK(machine.main_pid("unasked") != pid);
}

TEST_CASE("a stop on purpose during our restart is respected") {
  Machine machine;
  add_held(machine, "halted");
  Disturbed gateway("halted");
  machine.set_switch("halted");
  in_a_second("systemctl stop halted");
  const auto activation = gateway.activate();
  INFO(why(activation));
  REQUIRE(activation);
  CHECK(activation->use == Use::not_running);
  CHECK(machine.property("halted", "ActiveState") != "active");
}

TEST_CASE("a unit that ends by itself was not stopped on purpose, whatever its exit status") {
  Machine machine;
  const std::string ending = GENERATE("exit 0", "exit 143", "kill -TERM $$", "kill -KILL $$");
  CAPTURE(ending);
  machine.add_unit("ends", "ExecStart=/bin/sh -c 'while test ! -e /run/ends; do sleep 0.1; done; " +
                               (ending.ends_with("$$") ? ending + "$$" : ending) + "'");
  machine.start("ends");
  Disturbed gateway("ends");
  REQUIRE(gateway.activate());
  machine.set_switch("ends");
  CHECK_THAT(why(gateway.verify()), ContainsSubstring("ActiveState="));
}

TEST_CASE("survives a restart of the bus or of systemd") {
  Machine machine;
  const std::string command = GENERATE("systemctl restart dbus", "systemctl daemon-reexec", "systemctl daemon-reload",
                                       "kill -KILL $(systemctl show --value -p MainPID dbus)");
  CAPTURE(command);
  add_held(machine, "held");
  Disturbed gateway("held");
  const pid_t before = machine.main_pid("held");
  machine.set_switch("held");
  in_a_second(command + "; sleep 2; rm /run/held");
  const auto activation = gateway.activate();
  INFO(why(activation));
  REQUIRE(activation);
  CHECK(activation->use == Use::in_use);
  CHECK(machine.main_pid("held") != before);
  in_a_second(command);
  const auto verified = gateway.verify();
  INFO(why(verified));
  REQUIRE(verified);
  CHECK(verified->use == Use::in_use);
}

TEST_CASE("waits for a unit that a signal has already terminated, and sends no second one") {
  Machine machine;
  renewd::testing::run({"systemctl", "stop", "signalled"});
  machine.add_unit("signalled", "ExecStart=/bin/sleep infinity\nRestart=always\nRestartSec=2");
  machine.start("signalled");
  Disturbed gateway({.action = configuration::SignalGateway{std::string("signalled"), SIGTERM}});
  renewd::testing::run_or_throw({"systemctl", "kill", "signalled"});
  SECTION("it is about to start") {
    until_it_is(machine, "signalled", "activating");
  }
  SECTION("it has started") {
    until_it_is(machine, "signalled", "activating");
    until_it_is(machine, "signalled", "active");
  }
  const auto activation = gateway.activate();
  INFO(why(activation));
  REQUIRE(activation);
  CHECK(activation->use == Use::in_use);
  CHECK(machine.property("signalled", "NRestarts") == "1");
  CHECK(gateway.verify());
}
