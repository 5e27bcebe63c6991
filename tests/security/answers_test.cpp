// One answer that stops renewal for good, or puts in a key that gives itself away: the position "sending a malicious
// answer". Each is refused with its reason, the keystore stays, and the next start asks for another answer.

#include "support/catch.hpp"
#include "support/host.hpp"
#include "support/hostile_answers.hpp"

using namespace renewd::testing;

namespace {

// What the answers would cost without a bound is minutes and more; what a busy machine under sanitizers takes, is less.
std::vector<std::string> with_bounded_time(const std::vector<std::string>& argv) {
  std::vector<std::string> bounded = {"/bin/sh", "-c", "ulimit -t 60; exec \"$@\"", "sh"};
  bounded.insert(bounded.end(), argv.begin(), argv.end());
  return bounded;
}

CommandResult renew(const Host& host) {
  CommandResult result = run(with_bounded_time(host.renew_command()));
  check_no_secret(result.output + result.errors);
  return result;
}

void check_refused(Host& host, const HostileAnswer& answer) {
  std::filesystem::create_directories(host.state());
  write_file(host.state() / "answer", answer.bytes);
  const Snapshot before = snapshot(host.keystore());
  const std::size_t asked = host.cloud().request_count();

  const CommandResult refused = renew(host);
  INFO(refused.output << refused.errors);
  CHECK(refused.status == 1);
  const auto rejected = find_event(parse_events(refused.errors), "renewal_rejected");
  REQUIRE(rejected);
  CHECK(field(*rejected, "reason") == answer.reason);
  CHECK_THAT(field(*rejected, "message"), ContainsSubstring(answer.text));
  CHECK(read_file(field(*rejected, "answer")) == answer.bytes);
  CHECK(snapshot(host.keystore()) == before);
  CHECK(host.restarts() == 0);
  CHECK(host.cloud().request_count() == asked);

  const CommandResult next = renew(host);
  INFO(next.output << next.errors);
  CHECK(next.status == 0);
  CHECK(host.cloud().request_count() == asked + 1);
}

}  // namespace

TEST_CASE("a hostile answer costs little, is refused with its reason, and is not read again") {
  const Host prepared;
  for (const auto& answer : hostile_answers(kAccount, kKeystorePassword)) {
    INFO(answer.name);
    Host host = prepared.another();
    check_refused(host, answer);
  }
}
