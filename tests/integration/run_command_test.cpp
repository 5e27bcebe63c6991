// The daemon itself: `run` until SIGTERM.

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <filesystem>

#include "core/descriptor.hpp"
#include "support/catch.hpp"
#include "support/host.hpp"
#include "support/wait_until.hpp"

using namespace renewd::testing;

namespace {

// A stuck daemon fails the test after this long; a good one needs a fraction of it on the slowest machine.
constexpr std::chrono::seconds kDeadline{180};

std::function<bool(const std::string&)> says(const std::string& event) {
  return [event](const std::string& errors) { return errors.find("\"event\":\"" + event + "\"") != std::string::npos; };
}

// From its first lines on it ignores SIGXFSZ; before them nothing can be said about its signals.
void wait_for_main(const BackgroundProcess& daemon) {
  constexpr unsigned long long kIgnored = 1ULL << (SIGXFSZ - 1U);
  wait_until([&] {
    const std::string status = read_file("/proc/" + std::to_string(daemon.pid()) + "/status");
    const auto field = status.find("SigIgn:");
    return field != std::string::npos && (std::stoull(status.substr(field + 7), nullptr, 16) & kIgnored) != 0;
  });
}

// Stops it; fails the test if its exit status is not 0.
Events stop(BackgroundProcess& daemon, int signal = SIGTERM) {
  daemon.send_signal(signal);
  const auto told = std::chrono::steady_clock::now();
  const CommandResult result = daemon.wait();
  const auto needed = std::chrono::steady_clock::now() - told;
  INFO(result.output << result.errors);
  CHECK(result.status == 0);
  CHECK(needed < std::chrono::seconds(30));  // half of request_timeout: it waits for nobody
  check_no_secret(result.output + result.errors);
  const Events events = parse_events(result.errors);
  CHECK(find_event(events, "daemon_started"));
  CHECK(find_event(events, "daemon_stopping"));
  return events;
}

std::size_t count(const Events& events, std::string_view name) {
  std::size_t found = 0;
  for (const auto& event : events) {
    found += field(event, "event") == name ? 1U : 0U;
  }
  return found;
}

}  // namespace

TEST_CASE("the daemon renews a certificate once when it is due, restarts the gateway, and ends on SIGTERM") {
  Host host;
  BackgroundProcess daemon(host.daemon_command(), {.deadline = kDeadline});
  daemon.wait_for_errors(says("renewal_completed"));
  CHECK(read_file(host.keystore()) == read_file(host.cloud().issued().at(0)));
  CHECK(host.restarts() == 1);
  const Events events = stop(daemon);
  CHECK(count(events, "renewal_due") == 1);
  CHECK(count(events, "renewal_failed") == 0);
  CHECK(count(events, "certificate_changed_on_disk") == 0);
  CHECK(host.cloud().requests().size() == 1);
  // The first check logs what `plan` shows.
  const auto checked = find_event(events, "certificate_checked");
  REQUIRE(checked);
  CHECK(field(*checked, "reason") == "window_open");
  CHECK(field(*checked, "url") == host.cloud().account_url() + "/certificate/renewcert");
  CHECK_THAT(field(*checked, "gateway"), StartsWith("run /bin/sh "));
  for (const char* name : {"next_attempt", "next_check", "window_opens", "splay_seconds"}) {
    CHECK_FALSE(field(*checked, name).empty());
  }
}

TEST_CASE("the daemon ends on SIGINT, too") {
  Host host({"--initial-days", "200"});
  BackgroundProcess daemon(host.daemon_command(), {.deadline = kDeadline});
  daemon.wait_for_errors(says("certificate_checked"));
  stop(daemon, SIGINT);
}

TEST_CASE("a signal that means nothing to the daemon does not end it") {
  Host host({"--initial-days", "200"});
  BackgroundProcess daemon(host.daemon_command(), {.deadline = kDeadline});
  daemon.wait_for_errors(says("certificate_checked"));
  for (const int signal : {SIGUSR1, SIGUSR2, SIGALRM, SIGPIPE, SIGXFSZ}) {
    daemon.send_signal(signal);
  }
  daemon.send_signal(SIGHUP);
  daemon.wait_for_errors(says("config_reloaded"));
  stop(daemon, SIGQUIT);
}

TEST_CASE("SIGHUP in the first moments of the daemon reloads it later, instead of ending it") {
  Host host({"--initial-days", "200"});
  BackgroundProcess daemon(host.daemon_command(), {.deadline = kDeadline});
  wait_for_main(daemon);
  daemon.send_signal(SIGHUP);
  daemon.wait_for_errors(says("config_reloaded"));
  stop(daemon);
}

TEST_CASE("SIGHUP to a daemon that waits for its lock does not end it") {
  Host host({"--initial-days", "200"});
  std::filesystem::create_directory(host / "state");
  ::chmod((host / "state").c_str(), 0700);
  const renewd::Descriptor lock(::open((host / "state/daemon.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  REQUIRE(::flock(lock.get(), LOCK_EX) == 0);
  BackgroundProcess daemon(host.daemon_command(), {.deadline = kDeadline});
  wait_for_main(daemon);
  daemon.send_signal(SIGHUP);
  const CommandResult result = daemon.wait();
  CHECK(result.status == 1);
  CHECK_THAT(result.errors, ContainsSubstring("another daemon works in this state directory"));
}

TEST_CASE("the daemon ends while a request is under way, and the keystore stays") {
  for (const std::string fault : {"stall-accept", "stall-handshake", "stall-after-request", "stall-in-body"}) {
    INFO("fault " << fault);
    Host host({"--fault", fault});
    const Snapshot before = snapshot(host.keystore());
    BackgroundProcess daemon(host.daemon_command(), {.deadline = kDeadline});
    daemon.wait_for_errors(says("renewal_requested"));
    if (fault == "stall-after-request" || fault == "stall-in-body") {
      wait_until([&] { return host.cloud().request_count() == 1; });
    }
    const Events events = stop(daemon);
    CHECK(count(events, "renewal_failed") == 0);
    CHECK(snapshot(host.keystore()) == before);
    CHECK(host.restarts() == 0);
  }
}

TEST_CASE("the daemon ends while the gateway's command runs, and the new keystore is whole") {
  Host host;
  host.configure({.certificate = {"gateway: {command: {argv: [/bin/sleep, \"600\"], timeout: 300s}}"},
                  .keystore = {},
                  .http = {}});
  BackgroundProcess daemon(host.daemon_command(), {.deadline = kDeadline});
  daemon.wait_for_errors(says("keystore_installed"));
  stop(daemon);
  CHECK(read_file(host.keystore()) == read_file(host.cloud().issued().at(0)));
}

TEST_CASE("the daemon requests nothing when nothing is due, or a certificate is only watched") {
  Host fresh({"--initial-days", "200"});
  Host watched;
  watched.configure({.certificate = {"renew: never"}, .keystore = {}, .http = {}});
  for (Host* host : {&fresh, &watched}) {
    const Snapshot before = snapshot(host->keystore());
    BackgroundProcess daemon(host->daemon_command(), {.deadline = kDeadline});
    daemon.wait_for_errors(says("certificate_checked"));
    const Events events = stop(daemon);
    CHECK(count(events, "renewal_due") == 0);
    CHECK(host->cloud().requests().empty());
    CHECK(host->restarts() == 0);
    CHECK(snapshot(host->keystore()) == before);
  }
}

TEST_CASE("the daemon notices at once that the keystore was replaced externally") {
  Host host({"--initial-days", "200"});
  Host another({"--initial-days", "300"});
  BackgroundProcess daemon(host.daemon_command(), {.deadline = kDeadline});
  daemon.wait_for_errors(says("certificate_checked"));

  SECTION("by a rename") {
    std::filesystem::copy_file(another.keystore(), host / "beside.p12");
    std::filesystem::rename(host / "beside.p12", host.keystore());
  }
  SECTION("by writing into it") {
    write_file(host.keystore(), read_file(another.keystore()));
  }
  daemon.wait_for_errors(says("certificate_changed_on_disk"));
  daemon.wait_for_errors([](const std::string& log) {
    return log.find("certificate_checked", log.find("certificate_changed_on_disk")) != std::string::npos;
  });
  const Events events = stop(daemon);
  CHECK(count(events, "certificate_changed_on_disk") == 1);
  CHECK(count(events, "certificate_checked") == 2);
  CHECK(host.cloud().requests().empty());
}

TEST_CASE("the daemon distinguishes a renewal or roll-back by hand from an external keystore") {
  Host host({"--initial-days", "200"});
  const bool back = GENERATE(false, true);
  if (back) {
    REQUIRE(host.renew({"--force"}).status == 0);
  }
  BackgroundProcess daemon(host.daemon_command(), {.deadline = kDeadline});
  daemon.wait_for_errors(says("certificate_checked"));
  std::vector<std::string> command = host.renew_command();
  if (back) {
    command.back() = "rollback";
    command.emplace_back("production");
  } else {
    command.emplace_back("--force");
  }
  REQUIRE(run(command).status == 0);
  daemon.wait_for_errors(says("certificate_changed_on_disk"));
  const auto told = find_event(stop(daemon), "certificate_changed_on_disk");
  REQUIRE(told);
  // While it was at work, or after that.
  CHECK_THAT(field(*told, "message"),
             ContainsSubstring(back ? "gravitee-renewd rollback (process" : "gravitee-renewd renew (process") ||
                 ContainsSubstring("by hand"));
  CHECK(field(*told, "message").find("`gravitee-renewd activate") == std::string::npos);
}

TEST_CASE("the daemon starts a gateway that a command has left down, however recent its last renewal") {
  Host host;
  host.configure(
      {.certificate = {"gateway: {command: {argv: [/bin/sh, -c, \"test ! -e " + (host / "broken").string() + "\"]}}"},
       .keystore = {},
       .http = {}});
  write_file(host.configuration(),
             read_file(host.configuration()) + "schedule: {retry_at_least: 1s, retry_at_most: 2s, splay: 0s}\n");
  BackgroundProcess daemon(host.daemon_command(), {.deadline = kDeadline});
  daemon.wait_for_errors(says("renewal_completed"));
  auto by_hand = host.renew_command();
  by_hand.back() = "rollback";
  by_hand.emplace_back("production");
  REQUIRE(run(by_hand).status == 0);
  write_file(host / "broken", "");
  CHECK(host.renew().status == 1);
  CHECK_THAT(read_file(host.state() / "journal"), ContainsSubstring("rolling_back"));
  daemon.wait_for_errors(says("renewal_failed"));
  std::filesystem::remove(host / "broken");
  daemon.wait_for_errors(says("renewal_rolled_back"));
  stop(daemon);
}

TEST_CASE("the daemon forgets its failures after an external renewal") {
  Host host({"--status", "503"});
  Host renewed({"--initial-days", "300"});
  BackgroundProcess daemon(host.daemon_command(), {.deadline = kDeadline});
  daemon.wait_for_errors(says("renewal_failed"));
  CHECK_THAT(read_file(host.state() / "attempts.json"), ContainsSubstring("\"failures_in_a_row\":1"));
  write_file(host.keystore(), read_file(renewed.keystore()));
  daemon.wait_for_errors([](const std::string& log) {
    return log.find("certificate_checked", log.find("certificate_changed_on_disk")) != std::string::npos;
  });
  stop(daemon);
  CHECK_THAT(read_file(host.state() / "attempts.json"), ContainsSubstring("\"failures_in_a_row\":0"));
}

TEST_CASE("the daemon requests at once after a certificate was installed externally that is due") {
  Host host({"--initial-days", "200"});
  Host due;
  BackgroundProcess daemon(host.daemon_command(), {.deadline = kDeadline});
  daemon.wait_for_errors(says("certificate_checked"));
  write_file(host.keystore(), "not a keystore");
  daemon.wait_for_errors(says("certificate_unreadable"));
  write_file(host.keystore(), read_file(due.keystore()));
  daemon.wait_for_errors(says("renewal_due"));
  daemon.wait_for_errors(says("renewal_requested"));
  const Events events = stop(daemon);
  CHECK(count(events, "certificate_changed_on_disk") == 1);
}

TEST_CASE("the daemon renews one certificate although the other fails, and says when it retries") {
  Host host;
  const Simulator busy({"--key", "ec:P-256", "--status", "503"});
  const auto keystore = host.keystore();
  const auto other = host / "other.p12";
  std::filesystem::copy_file(keystore, other);
  const std::string good = host.certificate_yaml("good", host.cloud().account_url(), {});
  host.use_keystore(other);
  const std::string bad = host.certificate_yaml("bad", busy.account_url(), {});
  write_file(host / "bundle.pem", read_file(host.cloud().ca_file()) + read_file(busy.ca_file()));
  host.write_configuration(bad + good, {{}, {}, {"ca_file: " + (host / "bundle.pem").string()}});
  const Snapshot before = snapshot(other);

  BackgroundProcess daemon(host.daemon_command(), {.deadline = kDeadline});
  daemon.wait_for_errors(says("renewal_completed"));
  daemon.wait_for_errors(says("renewal_failed"));
  const Events events = stop(daemon);
  const auto failed = find_event(events, "renewal_failed");
  REQUIRE(failed);
  CHECK(field(*failed, "certificate") == "bad");
  CHECK(field(*failed, "class") == "server_error");
  CHECK(field(*failed, "retry_at").size() == std::string("2026-11-23T19:30:00Z").size());
  CHECK(snapshot(other) == before);
  CHECK(read_file(keystore) == read_file(host.cloud().issued().at(0)));
}
