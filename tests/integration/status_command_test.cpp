// `status` with the real binary, beside a daemon and without one.

#include <signal.h>
#include <unistd.h>

#include "status_commands.hpp"

using namespace renewd::testing;

namespace {

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
