// `check` with the real binary, beside a daemon and without one.

#include <signal.h>
#include <unistd.h>

#include <regex>

#include "status_commands.hpp"

using namespace renewd::testing;

namespace {

// No daemon is meant to run.
void renewed_by_timer(const Host& host) {
  write_file(host.configuration(), read_file(host.configuration()) + "schedule:\n  run_by: timer\n");
}

}  // namespace

TEST_CASE("check is one line with the exit status of a monitoring plugin") {
  Host host;
  renewed_by_timer(host);
  auto due = command(host, {"check"});
  CHECK(due.status == 1);
  CHECK_THAT(due.output, StartsWith("GRAVITEE CERT WARNING - production: ") && EndsWith(";30:;7:\n"));
  CHECK(command(host, {"check", "--critical", "20"}).status == 2);
  CHECK(command(host, {"check", "-c", "@0:29"}).status == 2);
  const auto verbose = command(host, {"check", "-vvv"});
  CHECK_THAT(verbose.output, StartsWith(due.output) && ContainsSubstring("\nWARNING production: ") &&
                                 ContainsSubstring("\n  keystore: ") && ContainsSubstring("\nconfiguration: "));
  CHECK_THAT(command(host, {"check", "-V"}).output, StartsWith("gravitee-renewd "));
  CHECK(host.renew().status == 0);
  auto fine = command(host, {"check"});
  CHECK(fine.status == 0);
  CHECK_THAT(fine.output, StartsWith("GRAVITEE CERT OK - production: ") && ContainsSubstring(" | days=36"));
  CHECK(command(host, {"check", "production", "--warning", "400"}).status == 1);
  CHECK(command(host, {"check", "-w", "5:", "-c", "3:"}).status == 0);

  write_file(host.keystore(), "torn");
  CHECK(command(host, {"check"}).status == 2);
}

TEST_CASE("check warns if nothing renews: no daemon, or a timer that has not run") {
  Host host({"--initial-days", "200"});
  const auto check = [&host] { return command(host, {"check"}); };
  CHECK(check().status == 1);
  CHECK_THAT(check().output, ContainsSubstring("no daemon is running") && !ContainsSubstring("renewal on"));
  CHECK(command(host, {"check", "-v"}).output.find("schedule.run_by: timer") != std::string::npos);
  renewed_by_timer(host);
  CHECK(check().status == 1);
  CHECK_THAT(check().output, ContainsSubstring("gravitee-renewd renew has not run yet (schedule.run_by: timer)"));
  CHECK_THAT(host.renew().output, ContainsSubstring("nothing to do"));
  CHECK(check().status == 0);
  CHECK_THAT(check().output, ContainsSubstring("renewal on "));
  CHECK_THAT(command(host, {"status"}).output, ContainsSubstring("a timer runs gravitee-renewd renew"));
  const auto attempts = host / "state/production/attempts.json";
  write_file(attempts,
             std::regex_replace(read_file(attempts), std::regex("\"run_at\":[0-9]+"), "\"run_at\":1795500000"));
  CHECK(check().status == 1);
  CHECK_THAT(check().output, ContainsSubstring("gravitee-renewd renew last ran at 2026-11-24 06:00 UTC"));
}

TEST_CASE("a keystore that becomes unreadable keeps its last known expiry") {
  Host host({"--initial-days", "200"});
  BackgroundProcess daemon(host.daemon_command(), {.deadline = kDeadline});
  daemon.wait_for_errors(
      [](const std::string& errors) { return errors.find("certificate_checked") != std::string::npos; });
  write_file(host / "password", "rotated");
  daemon.send_signal(SIGHUP);  // so that the daemon looks
  daemon.wait_for_errors(
      [](const std::string& errors) { return errors.find("certificate_unreadable") != std::string::npos; });
  const auto check = command(host, {"check"});
  CHECK(check.status == 2);
  CHECK_THAT(check.output, ContainsSubstring("expires in 19") && ContainsSubstring(" | days=19"));
}

TEST_CASE("check reports failures of a manual renew, and an unusable token") {
  Host host;
  renewed_by_timer(host);
  const std::string token = read_file(host / "token");
  std::filesystem::remove(host / "token");
  CHECK(host.renew().status == 1);
  CHECK_THAT(command(host, {"check"}).output,
             StartsWith("GRAVITEE CERT WARNING") && ContainsSubstring("renewal failed 1 time in a row (unauthorized)"));
  CHECK(host.renew().status == 1);
  const auto failing = command(host, {"check"});
  CHECK(failing.status == 2);
  CHECK_THAT(failing.output, ContainsSubstring("renewal failed 2 times in a row (unauthorized)"));
  CHECK(certificate_of(status_of(host)).at("failures_in_a_row") == 2);

  write_file(host / "token", token);
  CHECK(host.renew().status == 0);
  CHECK(certificate_of(status_of(host)).at("failures_in_a_row") == 0);
  CHECK(certificate_of(status_of(host)).at("token_problem").is_null());
  CHECK(command(host, {"check"}).status == 0);

  // A year before it is needed.
  std::filesystem::remove(host / "token");
  const auto unusable = command(host, {"check"});
  CHECK(unusable.status == 1);
  CHECK_THAT(
      unusable.output,
      StartsWith("GRAVITEE CERT WARNING - production: the account token cannot be used: reading a secret from "));
}

TEST_CASE("a success clears the failures of manual renewals, and a new daemon ignores them") {
  Host host;
  std::filesystem::remove(host / "token");
  const auto failures = [&host] { return certificate_of(status_of(host)).at("failures_in_a_row"); };
  CHECK(host.renew().status == 1);
  CHECK(failures() == 1);
  SECTION("with activate") {
    CHECK(command(host, {"activate", "production"}).status == 0);
    CHECK(failures() == 0);
  }
  SECTION("with a different keystore") {
    const Host renewed({"--initial-days", "200"});
    std::filesystem::copy_file(renewed.keystore(), host.keystore(), std::filesystem::copy_options::overwrite_existing);
    CHECK_THAT(host.renew().output, ContainsSubstring("nothing to do"));
    CHECK(failures() == 0);
  }
  SECTION("by a daemon") {
    BackgroundProcess daemon(host.daemon_command(), {.deadline = kDeadline});
    const auto errors = daemon.wait_for_errors(
        [](const std::string& text) { return text.find("\"renewal_failed\"") != std::string::npos; });
    CHECK_THAT(errors, ContainsSubstring("\"failures_in_a_row\":1"));
    // It keeps the account alone.
    CHECK(host.renew().status == 1);
    CHECK(failures() == 1);
  }
}

TEST_CASE("check reports files that the daemon cannot read, even if its own user can") {
  if (::geteuid() != 0 || !have_program("unshare")) {
    WARN("skipped: needs root and unshare(1)");
    return;
  }
  Host host({"--initial-days", "200"});
  // As the sandbox of a unit hides things from the service.
  write_file(host / "empty", "");
  std::filesystem::permissions(host / "empty", std::filesystem::perms(0600));
  const auto daemon_without = [&host](const std::filesystem::path& hidden) {
    std::vector<std::string> argv{"unshare",
                                  "--mount",
                                  "--propagation",
                                  "private",
                                  "sh",
                                  "-c",
                                  "mount --bind " + (host / "empty").string() + " \"$0\" && exec \"$@\"",
                                  hidden.string()};
    for (const auto& word : host.daemon_command()) {
      argv.push_back(word);
    }
    return argv;
  };
  const auto says = [](const char* event) {
    return [event](const std::string& text) { return text.find(event) != std::string::npos; };
  };
  SECTION("the keystore's password") {
    BackgroundProcess daemon(daemon_without(host / "password"), {.deadline = kDeadline});
    daemon.wait_for_errors(says("certificate_unreadable"));
    const auto check = command(host, {"check"});
    CHECK(check.status == 2);
    CHECK_THAT(check.output, ContainsSubstring("the daemon cannot read it: ") && ContainsSubstring("it is empty"));
    CHECK(certificate_of(status_of(host)).at("readable") == false);
    daemon.send_signal(SIGTERM);
    CHECK(daemon.wait().status == 0);
    const auto without_daemon = command(host, {"check"});  // an operator who renews without a daemon sees it
    CHECK_THAT(without_daemon.output, ContainsSubstring("no daemon is running") && !ContainsSubstring("cannot read"));
  }
  SECTION("the directory of the account token") {
    const auto directory = host / "secrets";
    std::filesystem::create_directory(directory);
    std::filesystem::rename(host / "token", directory / "token");
    write_file(host.configuration(),
               std::regex_replace(read_file(host.configuration()), std::regex((host / "token").string()),
                                  (directory / "token").string()));
    std::filesystem::remove(host / "empty");
    std::filesystem::create_directory(host / "empty");
    BackgroundProcess daemon(daemon_without(directory), {.deadline = kDeadline});
    daemon.wait_for_errors(says("certificate_checked"));
    daemon.send_signal(SIGHUP);
    daemon.wait_for_errors(says("config_reloaded"));
    const auto check = command(host, {"check", "-v"});
    CHECK(check.status == 1);
    CHECK_THAT(check.output, ContainsSubstring("the account token cannot be used") &&
                                 ContainsSubstring("run systemctl restart gravitee-renewd"));
  }
  SECTION("the account token, until it has been changed") {
    if (!have_program("strace")) {
      WARN("skipped: there is no strace on this host");
      return;
    }
    // It sees the same file, with the same time of its last change, and may not read it.
    std::vector<std::string> argv{"strace", "-D",           "-f", "-qq",
                                  "-o",     "/dev/null",    "-P", (host / "token").string(),
                                  "-e",     "trace=openat", "-e", "inject=openat:error=EACCES"};
    for (const auto& word : host.daemon_command()) {
      argv.push_back(word);
    }
    BackgroundProcess daemon(argv, {.deadline = kDeadline});
    daemon.wait_for_errors(says("certificate_checked"));
    // After its first check.
    daemon.send_signal(SIGHUP);
    daemon.wait_for_errors(says("config_reloaded"));
    const auto check = command(host, {"check"});
    CHECK(check.status == 1);
    CHECK_THAT(check.output,
               ContainsSubstring("the account token cannot be used") && ContainsSubstring("Permission denied"));
    std::filesystem::permissions(host / "token", std::filesystem::perms(0400));
    CHECK(command(host, {"check"}).status == 0);
  }
}

TEST_CASE("without a daemon, check examines the gateway itself") {
  Host host({"--initial-days", "200"});
  const auto check = [&host](const std::string& gateway) {
    host.configure({.certificate = {"gateway: {" + gateway + "}"}});
    renewed_by_timer(host);
    CHECK_THAT(host.renew().output, ContainsSubstring("nothing to do"));
    return command(host, {"check", "-v"}, {{"DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus"}});
  };
  const auto without_bus = check("systemd: {unit: gateway.service}");
  CHECK(without_bus.status == 1);
  CHECK_THAT(without_bus.output,
             ContainsSubstring("could not be activated after a renewal: connecting to the system") &&
                 ContainsSubstring("systemctl status dbus"));
  const auto without_command = check("command: {argv: [" + (host / "no-such-command").string() + "]}");
  CHECK(without_command.status == 1);
  CHECK_THAT(without_command.output, ContainsSubstring("no-such-command"));
  const std::string verified = "command: {argv: [/bin/true]}, verify: {http: {url: \"http://127.0.0.1:1/health\"";
  const auto unhealthy = check(verified + "}}");
  CHECK(unhealthy.status == 2);
  CHECK_THAT(unhealthy.output, ContainsSubstring("the gateway is unhealthy: "));
  const auto cannot_ask =
      check(verified + ", username: admin, password: {file: " + (host / "no-password").string() + "}}}");
  CHECK(cannot_ask.status == 1);
  CHECK_THAT(cannot_ask.output, ContainsSubstring("the gateway's health cannot be checked: GET http://127.0.0.1:1/") &&
                                    ContainsSubstring("no-password") && !ContainsSubstring("systemctl restart"));
  CHECK(check("command: {argv: [/bin/true]}").status == 0);
}

TEST_CASE("a keystore that becomes unreadable keeps its last known expiry, also with schedule.run_by: timer") {
  Host host({"--initial-days", "200"});
  renewed_by_timer(host);
  CHECK(host.renew().status == 0);
  write_file(host / "password", "rotated");
  const auto check = command(host, {"check"});
  CHECK(check.status == 2);
  CHECK_THAT(check.output, ContainsSubstring("expires in 19") && ContainsSubstring(" | days=19"));
  CHECK(host.renew().status == 1);
  CHECK_THAT(command(host, {"check"}).output, ContainsSubstring("expires in 19"));
}

TEST_CASE("check says UNKNOWN for every mistake in the command line or the configuration") {
  Host host;
  const auto is_unknown = [](const CommandResult& result) {
    INFO(result.output << result.errors);
    CHECK(result.status == 3);
    CHECK_THAT(result.output, StartsWith("GRAVITEE CERT UNKNOWN - "));
    CHECK(std::count(result.output.begin(), result.output.end(), '\n') == 1);
  };
  is_unknown(command(host, {"check", "--warning", "many"}));
  is_unknown(command(host, {"check", "--no-such-flag"}));
  is_unknown(command(host, {"check", "-w", "10:5"}));
  is_unknown(command(host, {"check", "-t", "0"}));
  is_unknown(command(host, {"check", "--warning", "5", "--critical", "6"}));
  is_unknown(command(host, {"check", "no-such-name"}));
  write_file(host.configuration(), "certificates: 5\n");
  is_unknown(command(host, {"check"}));
  std::filesystem::remove(host.configuration());
  is_unknown(command(host, {"check"}));
}

TEST_CASE("check ends after its timeout, whatever blocks it") {
  if (!have_program("strace")) {
    WARN("skipped: there is no strace on this host");
    return;
  }
  Host host;
  // The kernel takes five seconds to open the keystore: a mount that does not respond.
  const auto result = run({"strace", "-f", "-qq", "-o", "/dev/null", "-P", host.keystore().string(), "-e",
                           "trace=openat", "-e", "inject=openat:delay_enter=5000000", RENEWD_BINARY, "--config",
                           host.configuration().string(), "check", "-t", "1"});
  CHECK(result.status == 3);
  CHECK_THAT(result.output, StartsWith("GRAVITEE CERT UNKNOWN - no result within 1 s"));
  CHECK(std::count(result.output.begin(), result.output.end(), '\n') == 1);
}
