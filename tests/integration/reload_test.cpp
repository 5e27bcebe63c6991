// A configuration that is reloaded while the daemon runs, and what it reports to systemd meanwhile.

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "integration/notify_socket.hpp"
#include "support/catch.hpp"
#include "support/host.hpp"

using namespace renewd::testing;

namespace {

constexpr std::chrono::seconds kDeadline{180};

std::size_t occurrences(const std::string& text, const std::string& of) {
  std::size_t found = 0;
  for (auto at = text.find(of); at != std::string::npos; at = text.find(of, at + 1)) {
    ++found;
  }
  return found;
}

// The event has been logged so many times; with `certificate`, for that one.
std::function<bool(const std::string&)> said(std::size_t times, const std::string& event,
                                             const std::string& certificate = "") {
  std::string text = "\"event\":\"" + event + "\"";
  if (!certificate.empty()) {
    text += ",\"certificate\":\"" + certificate + "\"";
  }
  return [times, text](const std::string& errors) { return occurrences(errors, text) >= times; };
}

void end(BackgroundProcess& daemon) {
  daemon.send_signal(SIGTERM);
  const CommandResult result = daemon.wait();
  INFO(result.output << result.errors);
  CHECK(result.status == 0);
  check_no_secret(result.output + result.errors);
}

}  // namespace

TEST_CASE("a reload applies changed, added and removed certificates") {
  Host host({"--initial-days", "200"});
  BackgroundProcess daemon(host.daemon_command(), {.deadline = kDeadline});
  daemon.wait_for_errors(said(1, "certificate_checked", "production"));

  const std::string url = host.cloud().account_url();
  const std::string production = host.certificate_yaml("production", url, {});
  std::filesystem::copy_file(host.keystore(), host / "second.p12");
  host.use_keystore(host / "second.p12");
  const Extra only_watched{.certificate = {"renew: never"}, .keystore = {}, .http = {}};
  host.write_configuration(production + host.certificate_yaml("second", url, only_watched), {});
  daemon.send_signal(SIGHUP);
  daemon.wait_for_errors(said(1, "config_reloaded"));
  daemon.wait_for_errors(said(1, "certificate_checked", "second"));
  daemon.wait_for_errors(said(2, "certificate_checked", "production"));

  host.write_configuration(host.certificate_yaml("second", url, {}), {});
  daemon.send_signal(SIGHUP);
  daemon.wait_for_errors(said(2, "config_reloaded"));
  const std::string log = daemon.wait_for_errors(said(2, "certificate_checked", "second"));
  CHECK(said(2, "certificate_checked", "production")(log));
  CHECK_FALSE(said(3, "certificate_checked", "production")(log));
  CHECK(host.cloud().request_count() == 0);
  end(daemon);
}

TEST_CASE("a flood of signals causes one reload per second, and the last one counts") {
  Host host({"--initial-days", "200"});
  BackgroundProcess daemon(host.daemon_command(), {.deadline = kDeadline});
  daemon.wait_for_errors(said(1, "certificate_checked", "production"));
  const auto began = std::chrono::steady_clock::now();
  constexpr int kSignals = 300;
  for (int i = 0; i < kSignals; ++i) {
    daemon.send_signal(SIGHUP);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  const std::string url = host.cloud().account_url();
  const Extra only_watched{.certificate = {"renew: never"}, .keystore = {}, .http = {}};
  const std::string production = host.certificate_yaml("production", url, {});
  std::filesystem::copy_file(host.keystore(), host / "second.p12");
  host.use_keystore(host / "second.p12");
  host.write_configuration(production + host.certificate_yaml("second", url, only_watched), {});
  daemon.send_signal(SIGHUP);
  const std::string log = daemon.wait_for_errors(said(1, "certificate_checked", "second"));
  const auto lasted = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - began);
  CHECK(occurrences(log, "\"event\":\"config_reloaded\"") <= static_cast<std::size_t>(lasted.count()) + 2);
  end(daemon);
}

TEST_CASE("a daemon that is stopping ignores a signal to reload") {
  Host host;
  // A command that does not end by itself keeps the daemon for a moment, while the other certificate is done with.
  const std::string production =
      host.certificate_yaml("production", host.cloud().account_url(),
                            {.certificate = {"gateway: {command: {argv: [/bin/sh, -c, \"trap '' TERM; sleep 1000\"]}}"},
                             .keystore = {},
                             .http = {}});
  std::filesystem::copy_file(host.keystore(), host / "second.p12");
  host.use_keystore(host / "second.p12");
  const Extra only_watched{.certificate = {"renew: never"}, .keystore = {}, .http = {}};
  host.write_configuration(production + host.certificate_yaml("second", host.cloud().account_url(), only_watched), {});
  BackgroundProcess daemon(host.daemon_command(), {.deadline = kDeadline});
  daemon.wait_for_errors(said(1, "keystore_installed"));
  daemon.wait_for_errors(said(1, "certificate_checked", "second"));
  daemon.send_signal(SIGTERM);
  daemon.wait_for_errors(said(1, "daemon_stopping"));
  daemon.send_signal(SIGHUP);
  end(daemon);
}

TEST_CASE("a file with errors is refused as a whole, with every error, and everything stays as it is") {
  Host host({"--initial-days", "200"});
  BackgroundProcess daemon(host.daemon_command(), {.deadline = kDeadline});
  daemon.wait_for_errors(said(1, "certificate_checked"));
  write_file(host.configuration(), "certificates: 1\nlog: {level: loud}\n");
  daemon.send_signal(SIGHUP);
  const std::string log = daemon.wait_for_errors(said(2, "config_rejected"));
  CHECK_THAT(log, ContainsSubstring("config.yaml:1:15: error: "));
  CHECK_THAT(log, ContainsSubstring("config.yaml:2:14: error: "));
  CHECK_FALSE(said(1, "config_reloaded")(log));
  // It still watches what it watched.
  write_file(host.keystore(), "damaged");
  daemon.wait_for_errors(said(1, "certificate_unreadable", "production"));
  end(daemon);
}

TEST_CASE("a renewal under way is finished with the previous configuration") {
  Host host;
  const std::string release = (host / "release").string();
  host.configure(
      {.certificate = {"gateway: {command: {argv: [/bin/sh, -c, \"while [ ! -e " + release +
                       " ]; do sleep 0.05; done; echo restarted >> " + (host / "restarts").string() + "\"]}}"},
       .keystore = {},
       .http = {}});
  BackgroundProcess daemon(host.daemon_command(), {.deadline = kDeadline});
  daemon.wait_for_errors(said(1, "keystore_installed"));
  const std::string url = host.cloud().account_url();
  host.write_configuration(
      host.certificate_yaml("another", url, {.certificate = {"renew: never"}, .keystore = {}, .http = {}}), {});
  daemon.send_signal(SIGHUP);
  daemon.wait_for_errors(said(1, "config_reloaded"));
  daemon.wait_for_errors(said(1, "certificate_checked", "another"));
  write_file(release, "");
  daemon.wait_for_errors(said(1, "renewal_completed", "production"));
  CHECK(host.restarts() == 1);
  end(daemon);
}

TEST_CASE("a reload that lacks descriptors is refused as a whole, and the previous configuration stays in effect") {
  Host host({"--initial-days", "200"});
  BackgroundProcess daemon(host.daemon_command(), {.deadline = kDeadline});
  daemon.wait_for_errors(said(1, "certificate_checked"));
  {
    // No limit of descriptors: that would strike UndefinedBehaviorSanitizer as well, which makes pipes.
    BackgroundProcess strace(
        {"strace", "-f", "-o", "/dev/null", "-e", "inject=openat:error=EMFILE", "-p", std::to_string(daemon.pid())},
        {.deadline = kDeadline});
    strace.wait_for_errors([](const std::string& errors) { return errors.find(" attached") != std::string::npos; });
    daemon.send_signal(SIGHUP);
    CHECK_THAT(daemon.wait_for_errors(said(1, "config_rejected")), ContainsSubstring("Too many open files"));
    strace.send_signal(SIGTERM);
    strace.wait();
  }
  daemon.send_signal(SIGHUP);
  daemon.wait_for_errors(said(1, "config_reloaded"));
  daemon.wait_for_errors(said(2, "certificate_checked"));
  end(daemon);
}

TEST_CASE("systemd is notified when every certificate is checked, of the status, and that the daemon is alive") {
  Host host({"--initial-days", "200"});
  NotifySocket systemd(host / "notify");
  BackgroundProcess daemon(host.daemon_command(),
                           {.environment = {{"NOTIFY_SOCKET", (host / "notify").string()}, {"WATCHDOG_USEC", "300000"}},
                            .input = {},
                            .deadline = kDeadline});
  CHECK_THAT(systemd.wait_for("STATUS="), StartsWith("STATUS=production: 199 days left, renewal on "));
  systemd.wait_for("READY=1");
  systemd.wait_for("WATCHDOG=1");
  systemd.wait_for("WATCHDOG=1");
  daemon.send_signal(SIGHUP);
  CHECK_THAT(systemd.wait_for("RELOADING=1"), ContainsSubstring("\nMONOTONIC_USEC="));
  systemd.wait_for("READY=1");
  const std::string good = read_file(host.configuration());
  write_file(host.configuration(), "nonsense");
  daemon.send_signal(SIGHUP);
  CHECK_THAT(systemd.wait_for("STATUS=the conf"),
             ContainsSubstring("was refused, the previous one stays in effect; production"));
  systemd.wait_for("READY=1");
  write_file(host.configuration(), good);
  daemon.send_signal(SIGHUP);
  systemd.wait_for("RELOADING=1");
  systemd.wait_for("STATUS=production");
  daemon.send_signal(SIGTERM);
  systemd.wait_for("STOPPING=1");
  CHECK(daemon.wait().status == 0);
}

TEST_CASE("systemd is asked for time while the gateway restarts") {
  Host host;
  NotifySocket systemd(host / "notify");
  BackgroundProcess daemon(
      host.daemon_command(),
      {.environment = {{"NOTIFY_SOCKET", (host / "notify").string()}}, .input = {}, .deadline = kDeadline});
  CHECK(systemd.wait_for("EXTEND_TIMEOUT_USEC=") == "EXTEND_TIMEOUT_USEC=360000000");
  end(daemon);
}

TEST_CASE("systemd is asked for the time that the gateway's command may take, and again for the roll-back") {
  Host host;
  host.configure({.certificate = {"gateway: {command: {argv: [/bin/false], timeout: 10m}, verify: {timeout: 5s}}"},
                  .keystore = {},
                  .http = {}});
  NotifySocket systemd(host / "notify");
  BackgroundProcess daemon(
      host.daemon_command(),
      {.environment = {{"NOTIFY_SOCKET", (host / "notify").string()}}, .input = {}, .deadline = kDeadline});
  CHECK(systemd.wait_for("EXTEND_TIMEOUT_USEC=") == "EXTEND_TIMEOUT_USEC=600000000");
  CHECK(systemd.wait_for("EXTEND_TIMEOUT_USEC=") == "EXTEND_TIMEOUT_USEC=600000000");
  end(daemon);
}
