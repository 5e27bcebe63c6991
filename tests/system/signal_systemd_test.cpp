#include <csignal>

#include "gateway/gateway.hpp"
#include "support/catch.hpp"
#include "support/command.hpp"
#include "support/temporary_directory.hpp"
#include "system/machine.hpp"
#include "unit/gateway/running.hpp"

namespace {

using namespace renewd;
using namespace renewd::gateway;
using renewd::testing::ActingAs;
using renewd::testing::Machine;

struct UnitSignal : gateway::testing::GatewayUnderTest {
  UnitSignal(std::string unit, int signal)
      : GatewayUnderTest({.action = configuration::SignalGateway{std::move(unit), signal},
                          .verify_timeout = std::chrono::seconds(24)}) {}
};

}  // namespace

TEST_CASE("waits until systemd has restarted a unit that the signal terminates") {
  Machine machine;
  machine.add_unit("phoenix", "ExecStart=/bin/sleep infinity\nRestart=always\nRestartSec=100ms");
  machine.start("phoenix");
  const pid_t before = machine.main_pid("phoenix");
  UnitSignal signal("phoenix", SIGTERM);
  REQUIRE(signal.rehearse());
  CHECK(machine.main_pid("phoenix") == before);
  const auto activation = signal.activate();
  REQUIRE(activation);
  CHECK(activation->use == Use::in_use);
  CHECK(machine.main_pid("phoenix") != before);
  CHECK(signal.verify());
  const auto health = [&signal] {
    return signal.loop.finish(signal.gateway->state(std::nullopt)).value().state.value().health;
  };
  CHECK(health() == Health::up);  // systemd counts this restart like one after a crash, which it is not
  renewd::testing::run_or_throw({"systemctl", "kill", "--signal=KILL", "phoenix"});
  while (machine.property("phoenix", "NRestarts") == "1") {
  }
  CHECK(health() == Health::down);
}

TEST_CASE("a terminating signal to a unit that systemd would not restart is refused") {
  Machine machine;
  machine.add_running_unit("mortal");
  const pid_t before = machine.main_pid("mortal");
  UnitSignal signal("mortal", SIGTERM);
  for (const auto& message : {signal.activate().error().message, signal.rehearse().error().message}) {
    CHECK_THAT(message, ContainsSubstring("mortal.service") && ContainsSubstring("Restart=no"));
  }
  CHECK(machine.main_pid("mortal") == before);
}

TEST_CASE("a unit's main process gets the signal, and its reaction is unknown") {
  Machine machine;
  machine.add_unit("listening",
                   "Type=notify\nNotifyAccess=all\n"
                   "ExecStart=/bin/sh -c \"trap 'touch /run/heard' USR1; systemd-notify --ready; "
                   "until test -e /run/heard; do sleep 0.1; done; exec sleep infinity\"");
  machine.clear_switch("heard");
  machine.start("listening");
  UnitSignal signal("listening", SIGUSR1);
  const auto activation = signal.activate();
  REQUIRE(activation);
  CHECK(activation->use == Use::not_confirmed);
  renewd::testing::run_or_throw({"sh", "-c", "until test -e /run/heard; do sleep 0.1; done"});
}

TEST_CASE("sends no signal to a unit that is not running") {
  Machine machine;
  machine.add_unit("asleep", "ExecStart=/bin/sleep infinity");
  UnitSignal signal("asleep", SIGUSR1);
  const auto activation = signal.activate();
  REQUIRE(activation);
  CHECK(activation->use == Use::not_running);
  CHECK(signal.rehearse());
}

TEST_CASE("a unit that was stopped on purpose is not the gateway's failure") {
  Machine machine;
  for (const int number : {SIGTERM, SIGUSR1}) {
    CAPTURE(number);
    machine.add_unit("stopped", "ExecStart=/bin/sleep infinity\nRestart=always");
    machine.start("stopped");
    UnitSignal signal("stopped", number);
    REQUIRE(signal.verify());  // it was running before
    renewd::testing::run_or_throw({"systemctl", "stop", "stopped"});
    const auto activation = signal.activate();
    INFO((activation ? "" : activation.error().message));
    REQUIRE(activation);
    CHECK(activation->use == Use::not_running);
    CHECK(machine.property("stopped", "ActiveState") == "inactive");
  }
}

TEST_CASE("a unit that has ended by itself is the gateway's failure, and no signal is sent") {
  Machine machine;
  machine.add_running_unit("ended");
  UnitSignal signal("ended", SIGUSR1);
  REQUIRE(signal.verify());
  renewd::testing::run_or_throw({"systemctl", "kill", "--signal=KILL", "ended"});
  renewd::testing::run_or_throw({"sh", "-c", "until systemctl is-failed ended; do sleep 0.1; done"});
  const auto activation = signal.activate();
  REQUIRE_FALSE(activation);
  CHECK(activation.error().kind == ErrorKind::gateway);
  CHECK_THAT(activation.error().message, ContainsSubstring("ActiveState=failed"));
}

TEST_CASE("a unit that systemd does not restart after the signal is not waited for") {
  Machine machine;
  const auto refused = [&](const std::string& service) {
    CAPTURE(service);
    machine.add_unit("leaving", service);
    machine.start("leaving");
    const auto activation = UnitSignal("leaving", SIGTERM).activate();
    REQUIRE_FALSE(activation);
    CHECK(activation.error().kind == ErrorKind::gateway);
    CHECK_THAT(activation.error().message, ContainsSubstring("leaving.service"));
  };
  // SIGTERM is no failure for systemd.
  refused("ExecStart=/bin/sleep infinity\nRestart=on-failure");
  refused(
      "Type=notify\nNotifyAccess=all\nRestart=always\nRestartPreventExitStatus=7\n"
      "ExecStart=/bin/sh -c \"trap 'exit 7' TERM; systemd-notify --ready; while :; do sleep 0.1; done\"");
}

TEST_CASE("a crash is noticed after a restart that an earlier process caused") {
  Machine machine;
  machine.add_unit("crashing", "ExecStart=/bin/sleep infinity\nRestart=always\nRestartSec=100ms");
  machine.start("crashing");
  UnitSignal signal("crashing", SIGTERM);
  GatewaySnapshot before{{}, std::chrono::system_clock::now(), "", {}};
  const Units units = signal.loop.finish(signal.gateway->units()).value();
  before.running = units.running;
  before.invocations = units.invocations;
  const auto end_main_process = [&](const char* with) {
    const std::string pid = std::to_string(machine.main_pid("crashing"));
    renewd::testing::run_or_throw({"systemctl", "kill", std::string("--signal=") + with, "crashing"});
    renewd::testing::run_or_throw({"sh", "-c",
                                   "until p=$(systemctl show -P MainPID crashing) && [ \"$p\" != 0 ] && [ \"$p\" != " +
                                       pid + " ]; do sleep 0.1; done"});
  };
  end_main_process("TERM");
  const auto activation = signal.loop.finish(signal.gateway->activate(before));
  REQUIRE(activation);
  CHECK(activation->use == Use::in_use);
  end_main_process("KILL");
  const auto verified = signal.loop.finish(signal.gateway->verify(before));
  REQUIRE_FALSE(verified);
  CHECK(verified.error().kind == ErrorKind::gateway);
}

TEST_CASE("the rehearsal refuses a signal to another user's process") {
  Machine machine;
  machine.add_unit("foreign", "User=daemon\nExecStart=/bin/sleep infinity");
  machine.start("foreign");
  const ActingAs user("nobody");
  UnitSignal signal("foreign", SIGUSR1);
  for (const auto& message : {signal.activate().error().message, signal.rehearse().error().message}) {
    CHECK_THAT(message, ContainsSubstring("foreign.service: sending"));
    CHECK_THAT(message, ContainsSubstring("not permitted"));
  }
}

TEST_CASE("SIGHUP to the JVM of a unit is refused") {
  if (!renewd::testing::have_program("java")) {
    WARN("skipped: there is no java in PATH");
    return;
  }
  Machine machine;
  renewd::testing::write_file("/run/Waiting.java",
                              "public class Waiting {\n"
                              "  public static void main(String[] arguments) throws Exception {\n"
                              "    Thread.sleep(600_000);\n"
                              "  }\n"
                              "}\n");
  machine.add_unit("jvm", "Type=exec\nExecStart=/usr/bin/env java /run/Waiting.java");
  machine.start("jvm");
  // env(1) becomes java(1) only after systemd has called it started.
  renewd::testing::run_or_throw({"sh", "-c", "until pidof java; do sleep 0.1; done"});
  const pid_t before = machine.main_pid("jvm");
  UnitSignal signal("jvm.service", SIGHUP);
  for (const auto& message : {signal.activate().error().message, signal.rehearse().error().message}) {
    CHECK_THAT(message, ContainsSubstring("JVM") && ContainsSubstring("SIGHUP"));
  }
  CHECK(machine.main_pid("jvm") == before);
  CHECK(machine.property("jvm", "ActiveState") == "active");
}
