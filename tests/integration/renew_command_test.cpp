// The command `renew`: what it does when nothing is due, when it is asked to hurry, to rehearse, or for the impossible.

#include <signal.h>

#include <cerrno>

#include "support/catch.hpp"
#include "support/host.hpp"

using namespace renewd::testing;

namespace {

bool asked_for_a_certificate(const Host& host, const Simulator& cloud) {
  return !cloud.requests().empty() || host.restarts() != 0;
}

}  // namespace

TEST_CASE("does nothing when nothing is due, and renews anyway with --force") {
  Host host({"--initial-days", "200"});
  const Snapshot before = snapshot(host.keystore());
  const CommandResult idle = host.renew();
  INFO(idle.output << idle.errors);
  CHECK(idle.status == 0);
  CHECK_FALSE(asked_for_a_certificate(host, host.cloud()));
  CHECK(snapshot(host.keystore()) == before);

  const CommandResult forced = host.renew({"production", "--force"});
  INFO(forced.output << forced.errors);
  CHECK(forced.status == 0);
  CHECK(read_file(host.keystore()) == read_file(host.cloud().issued().at(0)));
  CHECK(host.restarts() == 1);
}

TEST_CASE("renews an expired certificate") {
  Host host({"--initial-days", "-3"});
  const CommandResult result = host.renew();
  INFO(result.output << result.errors);
  CHECK(result.status == 0);
  CHECK(read_file(host.keystore()) == read_file(host.cloud().issued().at(0)));
}

TEST_CASE("skips a certificate that is only watched") {
  Host host;
  host.configure({.certificate = {"renew: never"}, .keystore = {}, .http = {}});
  const Snapshot before = snapshot(host.keystore());
  CHECK(host.renew().status == 0);
  CHECK(host.renew({"--dry-run"}).status == 0);
  CHECK_FALSE(asked_for_a_certificate(host, host.cloud()));
  CHECK(snapshot(host.keystore()) == before);
}

TEST_CASE("refuses a name that is not configured") {
  Host host;
  const CommandResult result = host.renew({"production", "prodution"});
  CHECK(result.status == 2);
  CHECK_THAT(result.errors, ContainsSubstring("prodution"));
  CHECK_FALSE(asked_for_a_certificate(host, host.cloud()));
}

TEST_CASE("refuses a configuration with errors, all of them at once") {
  Host host;
  host.configure({.certificate = {"renew_befor: 5d", "renew: sometimes"}, .keystore = {}, .http = {}});
  const CommandResult result = host.renew();
  CHECK(result.status == 2);
  CHECK_THAT(result.errors, ContainsSubstring(host.configuration().string() + ":"));
  CHECK_THAT(result.errors, ContainsSubstring("renew_before"));
  CHECK_THAT(result.errors, ContainsSubstring("`auto` or `never`"));
  CHECK_FALSE(asked_for_a_certificate(host, host.cloud()));
}

TEST_CASE("rehearses without a request, a change or a restart") {
  Host host;
  const Snapshot before = snapshot(host.keystore());
  const CommandResult result = host.renew({"--dry-run"});
  INFO(result.output << result.errors);
  CHECK(result.status == 0);
  CHECK_FALSE(asked_for_a_certificate(host, host.cloud()));
  CHECK(snapshot(host.keystore()) == before);
  CHECK_FALSE(std::filesystem::exists(host / "state"));
  CHECK_THAT(result.output, ContainsSubstring("\nproduction: due now: a new certificate would be requested"));
  CHECK_THAT(result.output, ContainsSubstring("systemctl enable --now gravitee-renewd"));
}

TEST_CASE("a rehearsal long before expiry says when the renewal will be due") {
  Host host;
  host.configure({.certificate = {"renew_before: 1d"}, .keystore = {}, .http = {}});
  const CommandResult result = host.renew({"--dry-run"});
  INFO(result.output << result.errors);
  CHECK(result.status == 0);
  CHECK_THAT(result.output, ContainsSubstring("\nproduction: not due until 20") && ContainsSubstring(" UTC; then "));
}

TEST_CASE("a rehearsal finds an unreachable cloud, an unreadable token and a missing program") {
  Host unreachable({"--fault", "unknown-ca"});
  const CommandResult result = unreachable.renew({"--dry-run"});
  CHECK(result.status == 1);
  CHECK_THAT(result.output + result.errors, ContainsSubstring("certificate"));

  Host broken;
  std::filesystem::remove(broken / "token");
  broken.configure(
      {.certificate = {"gateway: {command: {argv: [/nonexistent/restart-gateway]}}"}, .keystore = {}, .http = {}});
  const CommandResult both = broken.renew({"--dry-run"});
  INFO(both.output << both.errors);
  CHECK(both.status == 1);
  CHECK_THAT(both.output + both.errors, ContainsSubstring((broken / "token").string()));
  CHECK_THAT(both.output + both.errors, ContainsSubstring("/nonexistent/restart-gateway"));
  // The token that is missing may still be good.
  CHECK_THAT(both.output, ContainsSubstring("what to do: ") && !ContainsSubstring("create a new account token"));
}

TEST_CASE("keeps the installed keystore when the token cannot be read") {
  Host host;
  const Snapshot before = snapshot(host.keystore());
  std::filesystem::remove(host / "token");
  const CommandResult result = host.renew();
  INFO(result.output << result.errors);
  CHECK(result.status == 1);
  const Events events = parse_events(result.errors);
  CHECK(find_event(events, "token_unusable"));
  const auto failed = find_event(events, "renewal_failed");
  REQUIRE(failed);
  CHECK(field(*failed, "class") == "unauthorized");
  CHECK(host.cloud().requests().empty());
  CHECK(snapshot(host.keystore()) == before);
}

TEST_CASE("requests nothing when the installed keystore cannot be opened") {
  Host host;
  write_file(host / "password", "another\n");
  const Snapshot before = snapshot(host.keystore());
  const CommandResult result = host.renew();
  INFO(result.output << result.errors);
  CHECK(result.status == 1);
  CHECK(find_event(parse_events(result.errors), "certificate_unreadable"));
  CHECK(host.cloud().requests().empty());
  CHECK(snapshot(host.keystore()) == before);
}

TEST_CASE("a signal of a lost terminal, or any other that ends a process, ends the gateway's command as well") {
  const int signal = GENERATE(SIGHUP, SIGQUIT, SIGUSR1, SIGTERM);
  CAPTURE(signal);
  Host host;
  const std::string pid_file = (host / "command.pid").string();
  host.configure({.certificate = {"gateway: {command: {argv: [/bin/sh, -c, \"echo $$ >" + pid_file +
                                  "; echo begun; sleep 600\"], timeout: 300s}}"},
                  .keystore = {},
                  .http = {}});
  BackgroundProcess renewal(host.renew_command());
  renewal.wait_for_errors([](const std::string& errors) { return errors.find("begun") != std::string::npos; });
  const pid_t command = std::stoi(read_file(pid_file));
  renewal.send_signal(signal);
  const CommandResult result = renewal.wait();
  INFO(result.output << result.errors);
  CHECK(result.status == 1);
  CHECK_THAT(result.output, ContainsSubstring("interrupted"));
  CHECK(find_event(parse_events(result.errors), "daemon_stopping"));
  CHECK((::kill(command, 0) != 0 && errno == ESRCH));
}

TEST_CASE("a failing command is noticed even if the parent process ignores SIGCHLD") {
  Host host;
  host.configure({.certificate = {"gateway: {command: {argv: [/bin/false]}}"}, .keystore = {}, .http = {}});
  std::vector<std::string> ignoring{"/bin/sh", "-c", "trap '' CHLD; exec \"$@\"", "sh"};
  for (const auto& word : host.renew_command()) {
    ignoring.push_back(word);
  }
  const CommandResult result = run(ignoring);
  INFO(result.output << result.errors);
  CHECK(result.status == 1);
  CHECK_THAT(result.errors, ContainsSubstring("/bin/false: exit status 1"));
}

TEST_CASE("a limit on the file size is a failure of class disk, and does not end the process") {
  Host host;
  std::vector<std::string> limited{"/bin/sh", "-c", "ulimit -f 0; exec \"$@\"", "sh"};
  for (const auto& word : host.renew_command()) {
    limited.push_back(word);
  }
  const Snapshot before = snapshot(host.keystore());
  const CommandResult result = run(limited);
  INFO(result.output << result.errors);
  CHECK(result.status == 1);
  const auto failed = find_event(parse_events(result.errors), "renewal_failed");
  REQUIRE(failed);
  CHECK(field(*failed, "class") == "disk");
  CHECK(host.cloud().requests().empty());
  CHECK(snapshot(host.keystore()) == before);
}

TEST_CASE("says what to do about a keystore that cannot be opened, as for every other failure") {
  Host host;
  write_file(host / "password", "another-password");
  const CommandResult result = host.renew();
  INFO(result.output << result.errors);
  CHECK(result.status == 1);
  CHECK_THAT(result.output, ContainsSubstring("production: failed: ") &&
                                ContainsSubstring("\nproduction: what to do: ") &&
                                ContainsSubstring("keystore.password"));
}

TEST_CASE("fails when the gateway's command fails, and quotes its output") {
  Host host;
  host.configure({.certificate = {"gateway: {command: {argv: [/bin/sh, -c, \"echo no such gateway >&2; exit 3\"]}}"},
                  .keystore = {},
                  .http = {}});
  const CommandResult result = host.renew();
  INFO(result.output << result.errors);
  CHECK(result.status == 1);
  const Events events = parse_events(result.errors);
  CHECK(find_event(events, "gateway_activation_failed"));
  const auto failed = find_event(events, "renewal_failed");
  REQUIRE(failed);
  CHECK(field(*failed, "class") == "gateway");
  CHECK_THAT(result.errors, ContainsSubstring("no such gateway"));
}

TEST_CASE("renews one of two certificates although the other fails") {
  Host host;
  const Simulator busy({"--key", "ec:P-256", "--status", "503"});
  const auto other = host / "other.p12";
  std::filesystem::copy_file(host.keystore(), other);
  const std::string good = host.certificate_yaml("good", host.cloud().account_url(), {});
  const auto keystore = host.keystore();
  host.use_keystore(other);
  const std::string bad = host.certificate_yaml("bad", busy.account_url(), {});
  write_file(host / "bundle.pem", read_file(host.cloud().ca_file()) + read_file(busy.ca_file()));
  host.write_configuration(bad + good, {{}, {}, {"ca_file: " + (host / "bundle.pem").string()}});
  const Snapshot before = snapshot(other);

  const CommandResult result = host.renew();
  INFO(result.output << result.errors);
  CHECK(result.status == 1);
  const auto failed = find_event(parse_events(result.errors), "renewal_failed");
  REQUIRE(failed);
  CHECK(field(*failed, "certificate") == "bad");
  CHECK(snapshot(other) == before);
  CHECK(read_file(keystore) == read_file(host.cloud().issued().at(0)));
}
