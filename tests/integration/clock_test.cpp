// The daemon and the clock: not confused by one that was wrong.

#include <signal.h>

#include "support/catch.hpp"
#include "support/host.hpp"

using namespace renewd::testing;

namespace {

constexpr std::int64_t kDay = 86'400;
constexpr std::chrono::seconds kDeadline{180};

std::function<bool(const std::string&)> says(const std::string& event) {
  return [event](const std::string& errors) { return errors.find("\"event\":\"" + event + "\"") != std::string::npos; };
}

// Runs the daemon with its clock moved until it has said `event`, and ends it.
Events run_at(const Host& host, std::int64_t days, const std::string& event) {
  BackgroundProcess daemon(host.daemon_command(), {.environment = {{"LD_PRELOAD", MOVED_CLOCK_LIBRARY},
                                                                   {"MOVED_CLOCK", std::to_string(days * kDay)}},
                                                   .input = {},
                                                   .deadline = kDeadline});
  daemon.wait_for_errors(says(event));
  daemon.send_signal(SIGTERM);
  const CommandResult result = daemon.wait();
  INFO(result.output << result.errors);
  CHECK(result.status == 0);
  return parse_events(result.errors);
}

}  // namespace

TEST_CASE(
    "when the clock is set forward a year, the certificate is renewed once, and setting it back a day changes "
    "nothing") {
  Host host({"--initial-days", "200", "--lifetime", "900d"});
  run_at(host, 0, "certificate_checked");
  CHECK(host.cloud().request_count() == 0);

  const Events forward = run_at(host, 365, "renewal_completed");
  CHECK(find_event(forward, "certificate_expired"));
  // The cloud's clock is right, and ours a year ahead of it.
  const auto skewed = find_event(forward, "clock_skewed");
  REQUIRE(skewed);
  CHECK_THAT(field(*skewed, "message"), ContainsSubstring("ahead of the cloud's"));
  CHECK(host.cloud().request_count() == 1);

  for (const int days : {364, 365, 0}) {
    const Events later = run_at(host, days, "certificate_checked");
    CHECK_FALSE(find_event(later, "renewal_due"));
    CHECK(host.cloud().request_count() == 1);
  }
}

TEST_CASE("a host that boots in 1970 requests nothing, loses nothing, and reports its wrong clock") {
  Host host({"--initial-days", "20"});  // inside the window
  const std::int64_t to_1970 =
      -std::chrono::duration_cast<std::chrono::days>(std::chrono::system_clock::now().time_since_epoch()).count();
  // The cloud was asked as often as it may be in a day.
  std::filesystem::create_directories(host.state());
  const auto now =
      std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()).time_since_epoch().count();
  std::string requests = "[";
  for (int i = 12; i > 0; --i) {
    requests += (i == 12 ? "" : ",") + std::to_string(now - i);
  }
  write_file(host.state() / "requests.json", requests + "]");
  const std::string counted = read_file(host.state() / "requests.json");

  const Events events = run_at(host, to_1970, "certificate_checked");
  const auto skewed = find_event(events, "clock_skewed");
  REQUIRE(skewed);
  CHECK_THAT(field(*skewed, "message"), ContainsSubstring("this host's clock says 1970-01-01T"));
  CHECK_FALSE(find_event(events, "renewal_due"));
  CHECK(host.cloud().request_count() == 0);
  CHECK(read_file(host.state() / "requests.json") == counted);

  const std::map<std::string, std::string> moved{{"LD_PRELOAD", MOVED_CLOCK_LIBRARY},
                                                 {"MOVED_CLOCK", std::to_string(to_1970 * kDay)}};
  const auto at_1970 = [&](const std::vector<std::string>& arguments) {
    std::vector<std::string> argv{RENEWD_BINARY, "--config", host.configuration().string()};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return run(argv, {.environment = moved});
  };
  const auto check = at_1970({"check"});
  INFO(check.output);
  CHECK(check.status == 1);
  CHECK_THAT(check.output, ContainsSubstring("WARNING") && ContainsSubstring("this host's clock"));
  for (const auto& command : std::vector<std::vector<std::string>>{{"status"}, {"plan"}, {"status", "--json"}}) {
    const auto shown = at_1970(command);
    CHECK(shown.status == 0);
    CHECK_THAT(shown.output, ContainsSubstring("clock") && !ContainsSubstring("20802"));
  }
  const auto renew = at_1970({"renew"});
  CHECK(renew.status == 1);
  CHECK(host.cloud().request_count() == 0);

  // What held the renewal back holds it back still.
  const Events right = run_at(host, 0, "certificate_checked");
  CHECK_FALSE(find_event(right, "renewal_due"));
  CHECK_FALSE(find_event(right, "clock_skewed"));
  CHECK(host.cloud().request_count() == 0);
}

TEST_CASE("after the clock was set, the gateway's process is still told from a stranger's") {
  Host host;
  const std::string pid_file = (host / "gateway.pid").string();
  host.configure({.certificate = {"gateway: {signal: {pid_file: " + pid_file + ", signal: SIGUSR1}}"}});
  BackgroundProcess gateway({"sleep", "1000"});
  const auto told = [&](int moved_by) {
    return run({RENEWD_BINARY, "--config", host.configuration().string(), "validate"},
               {.environment = {{"LD_PRELOAD", MOVED_CLOCK_LIBRARY},
                                {"MOVED_CLOCK", std::to_string(moved_by)},
                                {"DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus"}}})
        .errors;
  };
  // Reading its start time first must not matter.
  REQUIRE(std::filesystem::exists("/proc/" + std::to_string(gateway.pid()) + "/stat"));
  write_file(pid_file, std::to_string(gateway.pid()));
  for (const int moved_by : {0, 60, 3600, -60, -3600}) {
    CAPTURE(moved_by);
    write_file(pid_file, std::to_string(gateway.pid()));
    run_or_throw({"touch", "-r", "/proc/" + std::to_string(gateway.pid()), pid_file});
    CHECK_THAT(told(moved_by), !ContainsSubstring("signal"));
    run_or_throw({"touch", "-d", "10 minutes ago", pid_file});
    CHECK_THAT(told(moved_by), ContainsSubstring("signal"));
  }
}
