// The daemon as a unit that is stopped whenever it restarts the gateway: by a drop-in, or by the operator's own
// command.

#include <algorithm>

#include "support/catch.hpp"
#include "support/host.hpp"
#include "support/keystores.hpp"
#include "system/machine.hpp"

using namespace renewd::testing;

namespace {

constexpr auto kGateway = "tied-gateway";
constexpr auto kDaemon = "gravitee-renewd";

class TiedDaemon {
 public:
  // `tie`: lines of the daemon's [Unit].
  TiedDaemon(const std::string& gateway, const std::string& tie, const std::string& verify = "timeout: 24s") {
    host.configure({.certificate = {"gateway: {" + gateway + ", verify: {" + verify + "}}"}});
    machine_.add_unit(kGateway,
                      "ExecStartPre=/bin/sh -c 'echo >>" + starts_ + "; sleep 1'\nExecStart=/bin/sleep infinity");
    machine_.start(kGateway);
    std::filesystem::remove(starts_);
    std::string command;
    for (const auto& word : host.daemon_command()) {
      command += (command.empty() ? "" : " ") + word;
    }
    machine_.add_unit(kDaemon, "ExecStart=" + command + "\nStandardError=append:" + log_.string(), tie);
    machine_.start(kDaemon);
  }
  TiedDaemon(const TiedDaemon&) = delete;
  TiedDaemon& operator=(const TiedDaemon&) = delete;
  ~TiedDaemon() {
    run({"systemctl", "stop", kDaemon, kGateway});
    run({"rm", "/run/systemd/system/gravitee-renewd.service"});
    run({"systemctl", "daemon-reload"});
  }

  std::string log() const { return std::filesystem::exists(log_) ? read_file(log_) : ""; }
  // Until the daemon has said so; one that never does is seen by how often the gateway was told.
  void wait_for(const std::string& text, std::size_t after = 0) const {
    while (log().find(text, after) == std::string::npos) {
      REQUIRE(starts() < 10);
    }
  }
  std::ptrdiff_t starts() const {
    const std::string lines = std::filesystem::exists(starts_) ? read_file(starts_) : "";
    return std::count(lines.begin(), lines.end(), '\n');
  }
  std::string state(const std::string& unit) { return machine_.property(unit, "ActiveState"); }

  Host host;

 private:
  Machine machine_;
  std::string starts_ = "/run/starts-of-the-gateway";
  std::filesystem::path log_ = host / "daemon.log";
};

}  // namespace

TEST_CASE("a gateway whose restart stops the daemon is restarted once, and the renewal is completed") {
  const std::string tie = GENERATE("Requires", "BindsTo", "PartOf");
  const bool ordered = GENERATE(true, false);
  CAPTURE(tie, ordered);
  TiedDaemon daemon("systemd: {unit: tied-gateway.service}",
                    tie + "=tied-gateway.service\n" + (ordered ? "After=tied-gateway.service\n" : ""));
  daemon.wait_for("\"renewal_completed\"");
  INFO(daemon.log());
  CHECK(daemon.starts() == 1);
  CHECK(daemon.log().find("renewal_rolled_back") == std::string::npos);
  CHECK_THAT(daemon.log(), ContainsSubstring("renewal_resumed"));
  CHECK(daemon.state(kGateway) == "active");
}

TEST_CASE("a daemon that is restarted again and again during a slow verification completes the renewal") {
  TiedDaemon daemon("systemd: {unit: tied-gateway.service}", "",
                    "log: {file: /run/log-of-the-gateway, ready: is ready}");
  write_file("/run/log-of-the-gateway", "");
  daemon.wait_for("\"gateway_activated\"");
  std::size_t said = 0;
  for (int restarts = 0; restarts < 5; ++restarts) {
    said = daemon.log().size();
    run_or_throw({"systemctl", "restart", kDaemon});
    daemon.wait_for("\"renewal_resumed\"", said);
  }
  write_file("/run/log-of-the-gateway", "is ready\n");
  daemon.wait_for("\"renewal_completed\"", said);
  INFO(daemon.log());
  CHECK(daemon.starts() == 1);
  CHECK(daemon.log().find("never finished") == std::string::npos);
  CHECK(daemon.log().find("renewal_rolled_back") == std::string::npos);
}

TEST_CASE("a command that stops the daemon each time ends with an alarm, and leaves the gateway as it is") {
  const std::string command = GENERATE("systemctl restart gravitee-renewd", "systemctl kill -s KILL gravitee-renewd");
  CAPTURE(command);
  TiedDaemon daemon("command: {argv: [/bin/sh, -c, \"systemctl restart tied-gateway; " + command + "; sleep 60\"]}",
                    "");
  if (command.find("KILL") != std::string::npos) {
    run_or_throw({"mkdir", "-p", "/run/systemd/system/gravitee-renewd.service.d"});
    write_file("/run/systemd/system/gravitee-renewd.service.d/restart.conf", "[Service]\nRestart=always\n");
    run_or_throw({"systemctl", "daemon-reload"});
    run_or_throw({"systemctl", "restart", kDaemon});
  }
  daemon.wait_for("never finished");
  INFO(daemon.log());
  const auto starts = daemon.starts();
  CHECK(starts <= 5);
  CHECK(daemon.state(kGateway) == "active");
  CHECK(daemon.state(kDaemon) == "active");
  CHECK(daemon.log().find("renewal_rolled_back") == std::string::npos);
  // The next start says so again, and holds back.
  const std::size_t said = daemon.log().size();
  run_or_throw({"systemctl", "restart", kDaemon});
  daemon.wait_for("never finished", said);
  CHECK(daemon.starts() == starts);
  run({"rm", "-r", "/run/systemd/system/gravitee-renewd.service.d"});
}
