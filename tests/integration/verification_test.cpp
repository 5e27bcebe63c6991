// A renewal is over when the gateway is seen to be well: by its health check, by its log.
#include <csignal>
#include <fstream>

#include "servers.hpp"
#include "support/catch.hpp"
#include "support/host.hpp"

using namespace renewd::testing;

namespace {

// As the header has it, after a user name of five letters: host.cpp looks for it in all that is printed.
constexpr const char* kCredentials = "cHJvYmU6cGFzc3dvcmQtNnRSdjEtb2YtdGhlLXByb3h5";

// `restart` is shell script, and `verify` what the gateway is verified by.
void configure(Host& host, const std::string& restart, const std::string& verify) {
  host.configure({.certificate = {"gateway: {command: {argv: [/bin/sh, -c, \"echo restarted >> " +
                                  (host / "restarts").string() + "; " + restart + "\"]}, verify: {" + verify + "}}"},
                  .keystore = {},
                  .http = {}});
}

std::string health_check(const Host& host, const HealthCheck& health) {
  return "timeout: 120s, http: {url: '" + health.url() +
         "', username: probe, password: {file: " + (host / "proxy-password").string() + "}}";
}

std::vector<std::string> renew_command(const Host& host) {
  return {RENEWD_BINARY, "--config", host.configuration().string(), "renew"};
}

bool mentions(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// Until the journal says so; the event comes a moment earlier.
void wait_for_phase(const Host& host, const std::string& phase) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(120);
  while (!mentions(read_file(host.state() / "journal"), "\"phase\":\"" + phase + "\"")) {
    if (std::chrono::steady_clock::now() > end) {
      throw std::runtime_error("the journal never said " + phase);
    }
  }
}

}  // namespace

TEST_CASE("waits for the gateway's health check after the restart") {
  if (!have_program("nginx")) {
    WARN("skipped: nginx is missing");
    return;
  }
  Host host;
  HealthCheck health(kCredentials);
  configure(host, "true", health_check(host, health));
  const CommandResult rehearsal = host.renew({"--dry-run"});
  INFO(rehearsal.output << rehearsal.errors);
  CHECK(rehearsal.status == 1);
  CHECK_THAT(rehearsal.output, ContainsSubstring("HTTP 500 instead of 200") && ContainsSubstring("repository"));
  CHECK(host.restarts() == 0);

  BackgroundProcess renewal(renew_command(host));
  renewal.wait_for_errors([](const std::string& errors) { return mentions(errors, "gateway_activated"); });
  health.wait_for_answer(500);
  health.recover();
  const CommandResult result = renewal.wait();
  INFO(result.output << result.errors);
  CHECK(result.status == 0);
  check_no_secret(result.output + result.errors);
  const auto verified = find_event(parse_events(result.errors), "gateway_verified");
  REQUIRE(verified);
  CHECK_THAT(field(*verified, "message"), EndsWith("GET " + health.url() + ": 200"));
  CHECK(host.restarts() == 1);
  CHECK(read_file(host.keystore()) == read_file(host.cloud().issued().at(0)));

  CHECK(host.renew({"--dry-run"}).status == 0);
}

TEST_CASE("rolls back when the log reports a failure with the new keystore") {
  Host host;
  const auto log = host / "gateway.log";
  std::filesystem::copy_file(host.keystore(), host / "old.p12");
  const std::string fails_with_the_new_one = "cmp -s " + host.keystore().string() + " " + (host / "old.p12").string() +
                                             " || echo Unable to connect >> " + log.string();
  configure(host, fails_with_the_new_one, "timeout: 30s, log: {file: " + log.string() + ", failed: Unable to connect}");
  write_file(log, "Unable to connect, long ago\n");
  const CommandResult result = host.renew();
  INFO(result.output << result.errors);
  CHECK(result.status == 1);
  const Events events = parse_events(result.errors);
  const auto failed = find_event(events, "gateway_verification_failed");
  REQUIRE(failed);
  CHECK(field(*failed, "keystore") == "new");
  CHECK_THAT(field(*failed, "message"), ContainsSubstring(log.string()) && EndsWith("Unable to connect"));
  const auto verified = find_event(events, "gateway_verified");
  REQUIRE(verified);
  CHECK(field(*verified, "keystore") == "old");
  CHECK(find_event(events, "renewal_rolled_back"));
  CHECK(read_file(host.keystore()) == read_file(host / "old.p12"));
  CHECK(host.restarts() == 2);
}

TEST_CASE("log lines written while no daemon ran count, but not those older than the restart") {
  Host host;
  const auto log = host / "gateway.log";
  configure(host, "true", "timeout: 120s, log: {file: " + log.string() + ", ready: is ready}");
  write_file(log, "is ready, but not yet restarted\n");
  {
    BackgroundProcess killed(renew_command(host));
    killed.wait_for_errors([](const std::string& errors) { return mentions(errors, "gateway_activated"); });
    wait_for_phase(host, "activated");
    killed.send_signal(SIGKILL);
    CHECK(killed.wait().status == 128 + SIGKILL);
  }
  std::filesystem::rename(log, host / "gateway.log.1");
  std::ofstream(host / "gateway.log.1", std::ios::app) << "is ready again\n";
  write_file(log, "another day\n");
  const CommandResult result = host.renew();
  INFO(result.output << result.errors);
  CHECK(result.status == 0);
  const auto verified = find_event(parse_events(result.errors), "gateway_verified");
  REQUIRE(verified);
  CHECK_THAT(field(*verified, "message"), ContainsSubstring(log.string()) && EndsWith("is ready again"));
  CHECK(host.cloud().requests().size() == 1);
}
