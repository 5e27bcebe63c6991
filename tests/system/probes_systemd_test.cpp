// The two probes with a real journal and a real server.
#include "gateway/log_probe.hpp"
#include "support/catch.hpp"
#include "support/command.hpp"
#include "support/temporary_directory.hpp"
#include "system/machine.hpp"
#include "unit/gateway/running.hpp"

namespace {

using namespace renewd;
using namespace renewd::gateway;
using gateway::testing::GatewayUnderTest;
using gateway::testing::Loop;
using renewd::testing::ActingAs;
using renewd::testing::Machine;
using renewd::testing::run_or_throw;
using namespace std::chrono_literals;

configuration::LogProbeSettings journal_of(const std::string& unit) {
  return {.target = unit, .ready = Pattern::compile("is ready").value(), .failed = Pattern::compile("Unable").value()};
}

configuration::GatewaySettings restart_of(const std::string& unit, std::chrono::seconds timeout = 24s) {
  return {.action = configuration::SystemdGateway{{unit}}, .verify_timeout = timeout, .log_probe = journal_of(unit)};
}

// Throws when it does not come true soon.
template <typename Condition>
void until(Condition condition) {
  for (const auto end = std::chrono::steady_clock::now() + 120s; !condition();) {
    if (std::chrono::steady_clock::now() > end) {
      throw std::runtime_error("waited in vain");
    }
  }
}

// A unit that says `words` when it starts. It has done so once, and the journal has it.
void start_talking(Machine& machine, const std::string& name, const std::string& words,
                   const std::string& settings = "") {
  machine.add_unit(name, "ExecStart=/bin/sh -c '" + words + "; echo over; exec sleep infinity'\n" + settings);
  machine.start(name);
  until([&] { return run_or_throw({"journalctl", "-o", "cat", "-u", name}).find("over\n") != std::string::npos; });
}

std::string message_of(const Result<std::string>& result) {
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == ErrorKind::gateway);
  return result.error().message;
}

}  // namespace

TEST_CASE("a unit is healthy when its journal matches `ready` after the restart") {
  Machine machine;
  start_talking(machine, "talks", "echo starting; echo it is ready");
  GatewayUnderTest gateway(restart_of("talks.service"));
  REQUIRE(gateway.activate());
  const auto verified = gateway.verify();
  REQUIRE(verified);
  CHECK_THAT(*verified, StartsWith("talks.service is active") && EndsWith("it is ready"));
}

TEST_CASE("an alias stands for its unit's journal, even after it points to another unit") {
  Machine machine;
  start_talking(machine, "real", "echo it is ready");
  start_talking(machine, "other", "echo it is ready");
  machine.add_alias("spoken-of.service", "real.service");
  GatewayUnderTest gateway(restart_of("spoken-of.service"));
  for (const std::string name : {"real.service", "other.service"}) {
    machine.add_alias("spoken-of.service", name);
    const pid_t before = machine.main_pid(name);
    REQUIRE(gateway.activate());
    const auto verified = gateway.verify();
    REQUIRE(verified);
    CHECK_THAT(*verified, StartsWith(name + " is active") && EndsWith("it is ready"));
    CHECK(machine.main_pid(name) != before);
  }
}

TEST_CASE("journal lines older than the activation, or of other units, do not count") {
  Machine machine;
  start_talking(machine, "said", "test -e /run/said || echo it is ready");
  machine.set_switch("said");
  GatewayUnderTest gateway(restart_of("said.service", 2s));
  REQUIRE(gateway.activate());
  run_or_throw({"logger", "it is ready, said.service"});
  CHECK_THAT(message_of(gateway.verify()), ContainsSubstring("the journal of said.service"));
}

TEST_CASE("a unit whose journal reports a failure is given up, unless it becomes ready soon") {
  Machine machine;
  start_talking(machine, "recovers", "echo Unable to connect; echo it is ready");
  GatewayUnderTest recovers(restart_of("recovers.service"));
  REQUIRE(recovers.activate());
  CHECK(recovers.verify());

  start_talking(machine, "fails", "echo Unable to connect");
  auto settings = restart_of("fails.service");
  settings.log_probe->ready.reset();
  GatewayUnderTest fails(settings);
  REQUIRE(fails.activate());
  CHECK_THAT(message_of(fails.verify()), ContainsSubstring("fails.service") && EndsWith("Unable to connect"));
}

TEST_CASE("the rehearsal finds a unit whose output does not reach the journal") {
  Machine machine;
  Loop loop;
  const auto rehearsed = [&](const std::string& name) {
    LogProbe probe(journal_of(name), {});
    return loop.finish(probe.rehearse());
  };
  const auto add = [&](const std::string& name, const std::string& settings) {
    machine.add_unit(name, "ExecStart=/bin/sleep infinity\n" + settings);
    machine.start(name);
  };
  add("silent", "StandardOutput=null\n");  // StandardError= inherits it
  add("elsewhere", "StandardOutput=append:/run/elsewhere.log\nStandardError=null\n");
  add("errors", "StandardOutput=null\nStandardError=journal\n");
  add("usual", "");
  CHECK_THAT(message_of(rehearsed("silent")), ContainsSubstring("silent.service"));
  CHECK_THAT(message_of(rehearsed("elsewhere")), ContainsSubstring("StandardError=null"));
  CHECK(rehearsed("errors"));
  CHECK(rehearsed("usual"));
  SECTION("but for a program that writes there by itself") {
    machine.add_unit("by-itself",
                     "ExecStart=/bin/sh -c 'logger -t gateway it is ready; exec sleep infinity'\n"
                     "StandardOutput=null\n");
    machine.start("by-itself");
    until([&] { return rehearsed("by-itself").has_value(); });
  }
}

TEST_CASE("a unit may log a lot, in more than one journal file") {
  Machine machine;
  start_talking(machine, "chatty", "test ! -e /run/chatty || { seq 25000; echo it is ready; seq 25001 26000; }",
                "LogRateLimitIntervalSec=1s\nLogRateLimitBurst=1000000");
  machine.set_switch("chatty");
  GatewayUnderTest gateway(restart_of("chatty.service"));
  REQUIRE(gateway.activate());
  CHECK(gateway.verify());

  Loop loop;
  LogProbe probe(journal_of("chatty.service"), {});
  const auto session =
      loop.finish(probe.begin({.running = {}, .began = std::chrono::system_clock::now(), .log_position = {}}));
  REQUIRE(session);
  CHECK(loop.finish((*session)->check({}))->verdict == Verdict::not_yet);
  run_or_throw({"journalctl", "--rotate"});
  run_or_throw({"systemctl", "restart", "chatty"});
  until([&] { return loop.finish((*session)->check({}))->verdict == Verdict::passed; });
}

TEST_CASE("missing permission to read the journal is reported, at once and by the rehearsal") {
  Machine machine;
  start_talking(machine, "secret", "echo it is ready");
  configuration::GatewaySettings settings{.log_probe = journal_of("secret.service")};
  const auto refused = [](const Result<std::string>& result) {
    CHECK_THAT(message_of(result),
               ContainsSubstring("the journal of secret.service") && EndsWith("the group systemd-journal"));
  };
  {
    const ActingAs user("nobody");
    GatewayUnderTest gateway(settings);
    refused(gateway.rehearse());
    refused(gateway.verify());
  }
  CHECK_THAT(*GatewayUnderTest(settings).rehearse(), EndsWith("; may read the journal of secret.service"));
}

TEST_CASE("a unit is healthy when its health check passes") {
  if (!renewd::testing::have_program("nginx")) {
    WARN("skipped: nginx is missing");
    return;
  }
  Machine machine;
  renewd::testing::write_file(
      "/run/health.conf",
      "daemon off; pid /run/health.pid; error_log stderr; events {} http { access_log off; server { listen "
      "127.0.0.1:18082; location = /_node/health { if (-f /run/health) { return 500 '{\"sync\":{\"healthy\":false}}'; "
      "} "
      "return 200 '{}'; } } }");
  machine.add_unit("health", "ExecStart=/usr/sbin/nginx -e stderr -c /run/health.conf");
  machine.start("health");
  configuration::GatewaySettings settings{.action = configuration::SystemdGateway{{"health"}}, .verify_timeout = 10s};
  settings.http_probe.emplace().url = "http://localhost:18082/_node/health";
  GatewayUnderTest gateway(settings);
  REQUIRE(gateway.activate());
  const auto verified = gateway.verify();
  REQUIRE(verified);
  CHECK_THAT(*verified, EndsWith("; GET http://localhost:18082/_node/health: 200"));

  machine.set_switch("health");
  CHECK_THAT(message_of(gateway.verify()), ContainsSubstring("HTTP 500 instead of 200") && EndsWith("sync"));
  run_or_throw({"systemctl", "stop", "health"});
  CHECK_THAT(message_of(GatewayUnderTest(settings).rehearse()), ContainsSubstring("refused"));
}
