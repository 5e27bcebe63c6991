#include "gateway/gateway.hpp"
#include "support/catch.hpp"
#include "support/command.hpp"
#include "system/machine.hpp"
#include "unit/gateway/running.hpp"

namespace {

using namespace renewd;
using namespace renewd::gateway;
using renewd::testing::ActingAs;
using renewd::testing::Machine;
using Action = configuration::SystemdGateway::Action;

constexpr auto kUser = "nobody";

struct Restart : gateway::testing::GatewayUnderTest {
  explicit Restart(std::vector<std::string> units, Action action = Action::try_restart,
                   std::chrono::seconds timeout = std::chrono::seconds(24))
      : GatewayUnderTest(
            {.action = configuration::SystemdGateway{std::move(units), action}, .verify_timeout = timeout}) {}
};

// A verification with this timeout looks at the unit for ten seconds at least, on a busy machine, too.
constexpr std::chrono::seconds kLongGrace{120};

// A service that is started with its switch set ends with 9 as soon as that is cleared.
std::string dies_without_its_switch(const std::string& name) {
  return "ExecStart=/bin/sh -c 'test ! -e /run/" + name + " || { touch /run/" + name + ".seen; while test -e /run/" +
         name + "; do sleep 0.05; done; exit 9; }; exec sleep infinity'";
}

// For systemd it has started before its shell has looked at the switch even once.
void let_die(Machine& machine, const std::string& name) {
  renewd::testing::run_or_throw({"/bin/sh", "-c", "until test -e /run/" + name + ".seen; do sleep 0.05; done"});
  machine.clear_switch(name);
}

// The message of a failure, which must be of the kind that says so.
template <typename T>
std::string message_of(const Result<T>& result) {
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == ErrorKind::gateway);
  return result.error().message;
}

}  // namespace

TEST_CASE("restarting an active unit gives it a new main process") {
  Machine machine;
  machine.add_running_unit("plain");
  for (const Action action : {Action::try_restart, Action::restart}) {
    const pid_t before = machine.main_pid("plain");
    Restart restart({"plain.service"}, action);
    const auto activation = restart.activate();
    REQUIRE(activation);
    CHECK(activation->use == Use::in_use);
    const pid_t after = machine.main_pid("plain");
    CHECK(after != before);
    CHECK_THAT(activation->message, ContainsSubstring("main process " + std::to_string(after)));
    CHECK(restart.verify());
    CHECK(machine.main_pid("plain") == after);
  }
}

TEST_CASE("restarts a service that exits with 143 when it is stopped, as a JVM does") {
  Machine machine;
  machine.add_unit("exits143", "ExecStart=/bin/sh -c \"trap 'exit 143' TERM; while :; do sleep 0.1; done\"");
  machine.start("exits143");
  Restart restart({"exits143"});
  const auto activation = restart.activate();
  REQUIRE(activation);
  CHECK(activation->use == Use::in_use);
  CHECK(restart.verify());
}

TEST_CASE("try-restart leaves an inactive unit inactive") {
  Machine machine;
  machine.add_unit("idle", "ExecStart=/bin/sleep infinity");
  Restart restart({"idle.service"});
  const auto activation = restart.activate();
  REQUIRE(activation);
  CHECK(activation->use == Use::not_running);
  CHECK_THAT(activation->message, ContainsSubstring("idle.service is not running"));
  CHECK(restart.verify());
  CHECK(machine.property("idle", "ActiveState") == "inactive");
}

TEST_CASE("restart starts an inactive unit, and several units go one after the other") {
  Machine machine;
  machine.add_running_unit("first");
  machine.add_unit("second", "ExecStart=/bin/sleep infinity");
  const auto gentle = Restart({"first", "second"}).activate();
  REQUIRE(gentle);
  CHECK(gentle->use == Use::in_use);
  CHECK_THAT(gentle->message, ContainsSubstring("second.service is not running"));
  CHECK(machine.property("second", "ActiveState") == "inactive");
  REQUIRE(Restart({"first", "second"}, Action::restart).activate());
  CHECK(machine.property("second", "ActiveState") == "active");
}

TEST_CASE("a unit that does not start is an error, and the next activation starts it again") {
  Machine machine;
  machine.add_unit("broken",
                   "ExecStartPre=/bin/sh -c 'test ! -e /run/broken || exit 7'\nExecStart=/bin/sleep infinity");
  machine.start("broken");
  machine.set_switch("broken");
  Restart restart({"broken"});
  const std::string message = message_of(restart.activate());
  CHECK_THAT(message, StartsWith("restarting broken.service"));
  CHECK_THAT(message, ContainsSubstring("ActiveState=failed"));
  CHECK_THAT(message, ContainsSubstring("journalctl -u broken.service"));
  CHECK(machine.property("broken", "ActiveState") == "failed");

  // As after a roll-back of the keystore; to whom it was down before, it is left down.
  machine.clear_switch("broken");
  const auto stranger = Restart({"broken"}).activate();
  REQUIRE(stranger);
  CHECK(stranger->use == Use::not_running);
  const auto again = restart.activate();
  REQUIRE(again);
  CHECK(again->use == Use::in_use);
  CHECK(machine.property("broken", "ActiveState") == "active");
}

TEST_CASE("reports each result of a restart job") {
  Machine machine;
  SECTION("a dependency that fails") {
    machine.add_unit("needed", "Type=oneshot\nExecStart=/bin/sh -c 'test ! -e /run/needed'");
    machine.add_unit("dependent", "ExecStart=/bin/sleep infinity", "Requires=needed.service\nAfter=needed.service");
    machine.start("dependent");
    machine.set_switch("needed");
    CHECK_THAT(message_of(Restart({"dependent"}).activate()), ContainsSubstring("depend"));
  }
  SECTION("systemd's own timeout") {
    machine.add_unit("sluggish",
                     "TimeoutStartSec=5\nExecStartPre=/bin/sh -c 'test ! -e /run/sluggish || sleep 60'\n"
                     "ExecStart=/bin/sleep infinity");
    machine.start("sluggish");
    machine.set_switch("sluggish");
    CHECK_THAT(message_of(Restart({"sluggish"}).activate()), ContainsSubstring("ActiveState=failed"));
  }
}

// The time that a call over D-Bus may take by default (sd_bus_set_method_call_timeout(3)) is 25 s, and a JVM may take
// more.
TEST_CASE("waits for a start that takes longer than a D-Bus call may") {
  Machine machine;
  machine.add_unit("patient",
                   "ExecStartPre=/bin/sh -c 'test ! -e /run/patient || sleep 26'\nExecStart=/bin/sleep infinity");
  machine.start("patient");
  const pid_t before = machine.main_pid("patient");
  machine.set_switch("patient");
  Restart restart({"patient"}, Action::try_restart, std::chrono::seconds(60));
  const auto activation = restart.activate();
  REQUIRE(activation);
  CHECK(activation->use == Use::in_use);
  CHECK(machine.main_pid("patient") != before);
  CHECK(restart.verify());
}

TEST_CASE("a start that takes longer than the deadline is an error") {
  Machine machine;
  machine.add_unit("slow", "ExecStartPre=/bin/sh -c 'test ! -e /run/slow || sleep 60'\nExecStart=/bin/sleep infinity");
  machine.start("slow");
  machine.set_switch("slow");
  const std::string message = message_of(Restart({"slow"}, Action::try_restart, std::chrono::seconds(5)).activate());
  CHECK_THAT(message, StartsWith("restarting slow.service"));
  CHECK_THAT(message, ContainsSubstring("ActiveState=activating"));
  CHECK_THAT(message, ContainsSubstring("5 s"));
}

TEST_CASE("the verification finds a unit that starts and dies") {
  Machine machine;
  machine.add_unit("brief", dies_without_its_switch("brief"));
  machine.start("brief");
  machine.set_switch("brief");
  Restart restart({"brief"}, Action::try_restart, kLongGrace);
  REQUIRE(restart.activate());
  let_die(machine, "brief");
  CHECK_THAT(message_of(restart.verify()), ContainsSubstring("ActiveState=failed, exit status 9"));
}

TEST_CASE("the verification finds a unit that dies and that systemd restarts") {
  Machine machine;
  machine.add_unit("phoenix", dies_without_its_switch("phoenix") + "\nRestart=always\nRestartSec=1ms");
  machine.start("phoenix");
  machine.set_switch("phoenix");
  Restart restart({"phoenix"}, Action::try_restart, kLongGrace);
  REQUIRE(restart.activate());
  let_die(machine, "phoenix");
  const auto verified = restart.verify();
  REQUIRE_FALSE(verified);
  CHECK(verified.error().kind == ErrorKind::gateway);
}

TEST_CASE("a unit that died and was restarted before the first check is found, too") {
  Machine machine;
  machine.add_unit("lazarus",
                   "ExecStart=/bin/sh -c 'test ! -e /run/lazarus || { rm /run/lazarus; exit 9; }; "
                   "exec sleep infinity'\nRestart=always\nRestartSec=1ms");
  machine.start("lazarus");
  const pid_t before = machine.main_pid("lazarus");
  machine.set_switch("lazarus");
  // The activation may see it between its two runs; our next restart then succeeds.
  Restart restart({"lazarus"});
  const auto activation = restart.activate();
  CHECK_FALSE((activation && restart.verify()));
  CHECK(machine.main_pid("lazarus") != before);
}

TEST_CASE("each unit that cannot be restarted is reported with its reason") {
  Machine machine;
  renewd::testing::run_or_throw({"ln", "-s", "/dev/null", "/run/systemd/system/hidden.service"});
  Restart missing({"no-such-gateway.service"});
  Restart masked({"hidden"});
  for (const auto& message : {message_of(missing.activate()), message_of(missing.rehearse())}) {
    CHECK_THAT(message, ContainsSubstring("no-such-gateway.service"));
  }
  for (const auto& message : {message_of(masked.activate()), message_of(masked.rehearse())}) {
    CHECK_THAT(message, ContainsSubstring("hidden.service") && ContainsSubstring("masked"));
  }
  machine.add_alias("leads-to-hidden.service", "hidden.service");
  machine.add_alias("leads-nowhere.service", "gone.service");
  Restart masked_by_alias({"leads-to-hidden.service"});
  Restart dangling({"leads-nowhere.service"});
  CHECK_THAT(message_of(masked_by_alias.activate()), ContainsSubstring("masked"));
  CHECK_THAT(message_of(dangling.activate()),
             ContainsSubstring("gone.service") || ContainsSubstring("leads-nowhere.service"));
}

TEST_CASE("restarts a unit with several aliases once, by its own name") {
  Machine machine;
  machine.add_unit("gw@", "ExecStart=/bin/sleep infinity");
  machine.start("gw@eu-west.service");
  machine.add_alias("gateway@eu-west.service", "gw@eu-west.service");
  machine.add_alias("old@.service", "gw@.service");
  const pid_t before = machine.main_pid("gw@eu-west");
  Restart restart({"gateway@eu-west.service", "old@eu-west.service", "gw@eu-west.service"});
  CHECK(restart.loop.finish(restart.gateway->units()).value().running ==
        std::vector<std::string>{"gw@eu-west.service"});
  const auto activation = restart.activate();
  REQUIRE(activation);
  const pid_t after = machine.main_pid("gw@eu-west");
  CHECK(after != before);
  CHECK_THAT(activation->message,
             StartsWith("restarted gw@eu-west.service in") && EndsWith("main process " + std::to_string(after)));
  CHECK(restart.verify());
}

TEST_CASE(
    "an unprivileged user needs a polkit rule for exactly that unit, and the rehearsal checks it without a restart") {
  Machine machine;
  machine.add_running_unit("ours");
  machine.add_running_unit("theirs");
  const pid_t ours = machine.main_pid("ours");
  const pid_t theirs = machine.main_pid("theirs");
  const auto refused = [](const std::string& unit) {
    const ActingAs user(kUser);
    Restart restart({unit});
    for (const auto& message : {message_of(restart.activate()), message_of(restart.rehearse())}) {
      CHECK_THAT(message, ContainsSubstring("not permitted"));
      CHECK_THAT(message, ContainsSubstring("polkit"));
      CHECK_THAT(message, ContainsSubstring("unit " + unit));
    }
  };
  refused("ours.service");
  CHECK(machine.main_pid("ours") == ours);

  machine.allow(kUser, "ours.service");
  refused("theirs.service");
  {
    const ActingAs user(kUser);
    Restart restart({"ours"});
    const auto rehearsed = restart.rehearse();
    REQUIRE(rehearsed);
    CHECK(*rehearsed == "may restart ours.service (active)");
  }
  CHECK(machine.main_pid("ours") == ours);
  {
    const ActingAs user(kUser);
    Restart restart({"ours"});
    const auto activation = restart.activate();
    REQUIRE(activation);
    CHECK(activation->use == Use::in_use);
    CHECK(restart.verify());
  }
  CHECK(machine.main_pid("ours") != ours);
  CHECK(machine.main_pid("theirs") == theirs);

  // polkit sees the unit's own name, even if the job was requested by an alias.
  machine.add_alias("alias-of-ours.service", "ours.service");
  machine.add_alias("alias-of-theirs.service", "theirs.service");
  {
    const ActingAs user(kUser);
    Restart restart({"alias-of-ours"});
    CHECK(restart.rehearse() == std::string("may restart ours.service (active)"));
    REQUIRE(restart.activate());
    CHECK(restart.verify());
    Restart other({"alias-of-theirs.service"});
    CHECK_THAT(message_of(other.activate()), ContainsSubstring("unit theirs.service and verb"));
  }
  machine.allow(kUser, "");
}
