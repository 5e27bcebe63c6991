// The daemon and the clock: asleep without a single system call, and not confused by a clock that was wrong.

#include <signal.h>

#include "support/catch.hpp"
#include "support/host.hpp"

using namespace renewd::testing;

namespace {

constexpr std::int64_t kDay = 24 * 60 * 60;
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

TEST_CASE("the clock goes a year forward, the certificate is renewed once, and a day back changes nothing") {
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

TEST_CASE("an idle daemon makes no system call at all") {
  if (!have_program("strace")) {
    WARN("skipped: strace is missing");
    return;
  }
#ifdef RENEWD_THREAD_SANITIZER
  WARN("skipped: the thread sanitizer has a thread of its own, which is never idle");
  return;
#endif
  Host host({"--initial-days", "200"});
  BackgroundProcess daemon(host.daemon_command(), {.deadline = kDeadline});
  daemon.wait_for_errors(says("certificate_checked"));
  // What it does after its first look, it has done by the time that it answers to a signal.
  write_file(host.configuration(), "certificates: 1\n");
  daemon.send_signal(SIGHUP);
  daemon.wait_for_errors(says("config_rejected"));
  // Not beside the keystore, whose directory is watched.
  const TemporaryDirectory directory;
  const auto log = directory / "strace";
  run({"timeout", "--signal=INT", "10", "strace", "-f", "-qq", "-o", log.string(), "-p", std::to_string(daemon.pid())});
  std::istringstream lines(read_file(log));
  for (std::string line; std::getline(lines, line);) {
    // A thread that waits is shown with the call that it waits in, when strace comes and when it goes.
    INFO(line);
    CHECK((line.find("<unfinished ...>") != std::string::npos || line.find("<detached ...>") != std::string::npos ||
           line.find("strace: Process") != std::string::npos));
  }
}
