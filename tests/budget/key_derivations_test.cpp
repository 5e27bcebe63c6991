// How often a keystore is opened, which takes a processor up to a second each time.
#include <signal.h>
#include <sys/types.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "support/catch.hpp"
#include "support/host.hpp"

using namespace renewd::testing;

namespace {

std::function<bool(const std::string&)> says(const std::string& event) {
  return [event](const std::string& errors) { return errors.find("\"event\":\"" + event + "\"") != std::string::npos; };
}

std::filesystem::path counted(const Host& host) {
  return host / "derivations";
}

CommandOptions counting(const Host& host) {
  return {.environment = {{"LD_PRELOAD", COUNTING_LIBRARY}, {"COUNTED_DERIVATIONS", counted(host).string()}}};
}

long derivations(const Host& host) {
  if (!std::filesystem::exists(counted(host))) {
    return 0;
  }
  const std::string lines = read_file(counted(host));
  return std::ranges::count(lines, '\n');
}

void run_until(const Host& host, const std::string& event) {
  BackgroundProcess daemon(host.daemon_command(), counting(host));
  daemon.wait_for_errors(says(event));
  daemon.send_signal(SIGTERM);
  const CommandResult result = daemon.wait();
  INFO(result.errors);
  CHECK(result.status == 0);
}

}  // namespace

TEST_CASE("a renewal by the daemon opens the installed keystore once, and the renewed one once") {
  Host host;
  SECTION("installed at once") {
    host.configure();
  }
  SECTION("with a gateway that is verified") {
    const std::string log = (host / "gateway.log").string();
    write_file(log, "");
    host.configure({.certificate = {"gateway: {command: {argv: [/bin/sh, -c, 'echo ready >> " + log +
                                    "']}, verify: {log: {file: " + log + ", ready: ready}}}"}});
  }
  run_until(host, "renewal_completed");
  CHECK(derivations(host) == 2);
}

TEST_CASE("a roll-back opens no keystore again") {
  Host host;
  host.configure({.certificate = {"gateway: {command: {argv: [/bin/false]}}"}});
  run_until(host, "renewal_rolled_back");
  CHECK(derivations(host) == 2);
}

TEST_CASE("a check opens the keystore once, and so do status and plan") {
  Host host;
  host.configure();
  long before = 0;
  for (const char* command : {"check", "status", "plan"}) {
    CAPTURE(command);
    (void)run({RENEWD_BINARY, "--config", host.configuration().string(), command}, counting(host));
    const long after = derivations(host);
    CHECK(after - before == 1);
    before = after;
  }
}
