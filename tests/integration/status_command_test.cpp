// `status` and `check` with the real binary, beside a daemon and without one.

#include <signal.h>
#include <unistd.h>

#include <regex>

#include <boost/json.hpp>

#include "support/catch.hpp"
#include "support/host.hpp"

using namespace renewd::testing;

namespace {

constexpr std::chrono::seconds kDeadline{30};

CommandResult command(const Host& host, const std::vector<std::string>& arguments,
                      const std::map<std::string, std::string>& environment = {}) {
  std::vector<std::string> argv{RENEWD_BINARY, "--config", host.configuration().string()};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  CommandResult result = run(argv, {.environment = environment});
  check_no_secret(result.output + result.errors);
  return result;
}

boost::json::object status_of(const Host& host) {
  const auto result = command(host, {"status", "--json"});
  CHECK(result.status == 0);
  return boost::json::parse(result.output).as_object();
}

boost::json::object certificate_of(const boost::json::object& status) {
  return status.at("certificates").as_array().at(0).as_object();
}

// No daemon is meant to run.
void renewed_by_timer(const Host& host) {
  write_file(host.configuration(), read_file(host.configuration()) + "schedule:\n  run_by: timer\n");
}

std::size_t longest_line(const std::string& text) {
  std::size_t longest = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = std::min(text.find('\n', begin), text.size());
    longest = std::max(longest, end - begin);
    begin = end + 1;
  }
  return longest;
}

}  // namespace

TEST_CASE("status works without a daemon, before the first renewal and after it") {
  Host host;
  auto status = status_of(host);
  CHECK(status.at("daemon").is_null());
  auto before = certificate_of(status);
  CHECK(before.at("state") == "warning");
  CHECK(before.at("action") == "renew");
  CHECK(before.at("in_use").is_null());
  CHECK(before.at("last_success").is_null());
  CHECK_FALSE(std::filesystem::exists(host / "state"));

  CHECK(host.renew().status == 0);
  const auto after = certificate_of(status_of(host));
  // Nothing would renew it next year.
  CHECK(after.at("state") == "warning");
  CHECK(after.at("findings").as_array().at(0).at("kind") == "daemon_not_running");
  CHECK(after.at("serial") != before.at("serial"));
  CHECK(after.at("in_use").as_object().at("is_the_installed_one") == true);
  CHECK(after.at("in_use").as_object().at("serial") == after.at("serial"));
  CHECK(after.at("last_success").is_string());
  CHECK(after.at("phase").is_null());
}

TEST_CASE("piped, status has the width of COLUMNS or 80 columns, and no colour") {
  Host host;
  for (const auto& [environment, width] : std::vector<std::pair<std::map<std::string, std::string>, std::size_t>>{
           {{{"COLUMNS", "60"}}, 60}, {{{"COLUMNS", ""}}, 80}, {{{"COLUMNS", "120"}}, 120}}) {
    auto with_ascii = environment;
    with_ascii["LC_ALL"] = "C";
    const auto result = command(host, {"status"}, with_ascii);
    CHECK(result.status == 0);
    INFO(result.output);
    CHECK_THAT(result.output, ContainsSubstring("No daemon is running") && ContainsSubstring("production"));
    CHECK(result.output.find('\033') == std::string::npos);
    CHECK(longest_line(result.output) <= width);
    CHECK(longest_line(result.output) > width - 15);
  }
}

TEST_CASE("status names the running daemon, and a second daemon refuses to start") {
  Host host({"--initial-days", "200"});
  BackgroundProcess daemon(host.daemon_command(), {.deadline = kDeadline});
  daemon.wait_for_errors(
      [](const std::string& errors) { return errors.find("certificate_checked") != std::string::npos; });
  const std::string running = status_of(host).at("daemon").as_string().c_str();
  CHECK(running == "gravitee-renewd run (process " + std::to_string(daemon.pid()) + ")");

  const auto second = run(host.daemon_command());
  CHECK(second.status == 1);
  CHECK_THAT(second.errors, ContainsSubstring("another daemon works in this state directory") &&
                                ContainsSubstring(std::to_string(daemon.pid())));
  daemon.send_signal(SIGTERM);
  CHECK(daemon.wait().status == 0);
  CHECK(status_of(host).at("daemon").is_null());
}

TEST_CASE("a daemon starts while other commands read the state") {
  Host host({"--initial-days", "200"});
  BackgroundProcess watching({RENEWD_BINARY, "--config", host.configuration().string(), "status", "--json", "--watch"},
                             {.deadline = kDeadline});
  watching.wait_for_output([](const std::string& text) { return text.find("\"daemon\":null") != std::string::npos; });
  BackgroundProcess daemon(host.daemon_command(), {.deadline = kDeadline});
  watching.wait_for_output(
      [](const std::string& text) { return text.find("\"daemon\":\"gravitee-renewd run") != std::string::npos; });
  watching.send_signal(SIGINT);
  CHECK(watching.wait().status == 0);
}

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
    const auto without_daemon = command(host, {"check"});  // whoever renews without a daemon sees it
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

TEST_CASE("a keystore that becomes unreadable where a timer renews keeps its last known expiry") {
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

TEST_CASE("a user without permission to read the state gets a clear message") {
  if (::geteuid() != 0 || !have_program("setpriv")) {
    WARN("skipped: needs root and setpriv(1)");
    return;
  }
  Host host;
  CHECK(host.renew().status == 0);
  std::filesystem::permissions(host.directory(), std::filesystem::perms(0755));
  const auto as_nobody = [&](const std::string& name) {
    return run({"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", RENEWD_BINARY, "--config",
                host.configuration().string(), name});
  };
  const auto status = as_nobody("status");
  CHECK(status.status == 1);
  CHECK(status.output.empty());
  CHECK_THAT(status.errors, StartsWith("status: this user may not read ") && ContainsSubstring("run it as root"));
  const auto plan = as_nobody("plan");
  CHECK(plan.status == 1);
  CHECK_THAT(plan.errors, StartsWith("plan: this user may not read "));
  const auto check = as_nobody("check");
  CHECK(check.status == 3);
  CHECK_THAT(check.output, StartsWith("GRAVITEE CERT UNKNOWN - this user may not read "));
}

TEST_CASE("hosts with the same machine id, or none, spread by their host names") {
  if (::geteuid() != 0 || !have_program("unshare")) {
    WARN("skipped: needs root and unshare(1)");
    return;
  }
  const Host host({"--initial-days", "200"});
  const auto splay_of = [&host](const std::string& machine_id, const std::string& name) {
    write_file(host / "machine-id", machine_id);
    const auto plan =
        run({"unshare", "--mount", "--uts", "--propagation", "private", "sh", "-ec",
             "mount --bind \"$0\" /etc/machine-id; echo \"$1\" > /proc/sys/kernel/hostname; shift; exec \"$@\"",
             (host / "machine-id").string(), name, RENEWD_BINARY, "--config", host.configuration().string(), "plan",
             "--json"});
    INFO(plan.errors);
    REQUIRE(plan.status == 0);
    return certificate_of(boost::json::parse(plan.output).as_object()).at("splay_seconds").to_number<int>();
  };
  for (const std::string machine_id : {"3f2b8c0d9e1a4b5c8d7e6f5a4b3c2d1e\n", "uninitialized\n", ""}) {
    INFO(machine_id);
    const int first = splay_of(machine_id, "gateway-1");
    CHECK(splay_of(machine_id, "gateway-1") == first);
    CHECK(splay_of(machine_id, "gateway-2") != first);
  }
}
