// A real JVM as the gateway: what it does not come up with is rolled back.

#include <signal.h>

#include "jvm_gateway.hpp"
#include "support/catch.hpp"
#include "support/host.hpp"
#include "support/keystores.hpp"
#include "support/wait_until.hpp"

using namespace renewd::testing;

namespace {

bool have_java() {
  if (!have_program("java")) {
    WARN("skipped: java is missing");
    return false;
  }
  return true;
}

// A JVM's hexadecimal has no leading zeros.
std::string serial(const std::filesystem::path& keystore) {
  const std::string serial = serial_of(certificate_of(keystore, kKeystorePassword));
  return serial.substr(serial.find_first_not_of('0'));
}

std::string names(const CommandResult& result) {
  std::string names;
  for (const auto& event : parse_events(result.errors)) {
    names += field(event, "event") + " ";
  }
  return names;
}

// A host whose JVM refuses the new keystore: the key has a different alias than the one that it expects.
struct Refusing {
  explicit Refusing(std::vector<std::string> flags = {}) : host(with_shape(std::move(flags))), gateway(host) {
    host.configure({.certificate = {gateway.setting()}});
  }
  static std::vector<std::string> with_shape(std::vector<std::string> flags) {
    flags.insert(flags.end(), {"--shape", "other-alias"});
    return flags;
  }

  Host host;
  JvmGateway gateway;
};

}  // namespace

TEST_CASE("a JVM that does not find the alias in the new keystore runs with the previous one again") {
  if (!have_java()) {
    return;
  }
  Refusing world;
  const Snapshot before = snapshot(world.host.keystore());
  const std::string old = serial(world.host.keystore());
  REQUIRE(world.gateway.serial() == old);
  const CommandResult result = world.host.renew();
  INFO(result.output << result.errors);
  CHECK(result.status == 1);
  CHECK_THAT(result.output, ContainsSubstring("no key under the alias cockpit-client"));
  CHECK_THAT(names(result), ContainsSubstring("keystore_installed gateway_output gateway_activation_failed "
                                              "gateway_activated gateway_verified renewal_rolled_back"));
  const Snapshot after = snapshot(world.host.keystore());
  CHECK(after.bytes == before.bytes);
  CHECK(after.mode == before.mode);
  CHECK(world.gateway.serial() == old);

  // The stored answer is tried twice more; after that, another one is requested.
  for (int again = 2; again <= 3; ++again) {
    CHECK(world.host.renew().status == 1);
    CHECK(world.host.cloud().requests().size() == 1);
    CHECK(world.gateway.serial() == old);
  }
  CHECK(world.host.renew().status == 1);
  CHECK(world.host.cloud().requests().size() == 2);
  CHECK(world.gateway.serial() == old);
}

TEST_CASE("a JVM with a wrong password comes up with neither keystore, and with both once that is fixed") {
  if (!have_java()) {
    return;
  }
  Host host;
  JvmGateway gateway(host);
  host.configure({.certificate = {gateway.setting()}});
  const std::string old = serial(host.keystore());
  // Changed some time ago, and not noticed, because it has not been restarted since.
  write_file(gateway.password_file(), "wrong\n");
  for (int run = 1; run <= 2; ++run) {
    const CommandResult result = host.renew();
    INFO(result.output << result.errors);
    CHECK(result.status == 1);
    CHECK_THAT(result.output, ContainsSubstring("the previous keystore is restored, but"));
    CHECK(serial(host.keystore()) == old);
    CHECK(gateway.serial().empty());
  }
  write_file(gateway.password_file(), std::string(kKeystorePassword) + "\n");
  // The unfinished roll-back comes first: the gateway runs again, with the previous keystore.
  CHECK(host.renew().status == 1);
  CHECK(gateway.serial() == old);
  CHECK(host.renew().status == 0);
  CHECK(gateway.serial() == serial(host.keystore()));
  CHECK(gateway.serial() != old);
  CHECK(host.cloud().requests().size() == 1);
}

TEST_CASE("if the previous keystore has expired, the new one stays, and the JVM is started again until it runs") {
  if (!have_java()) {
    return;
  }
  Refusing world({"--initial-days", "-2"});
  const std::string old = serial(world.host.keystore());
  for (int run = 1; run <= 2; ++run) {
    const CommandResult result = world.host.renew();
    INFO(result.output << result.errors);
    CHECK(result.status == 1);
    CHECK(names(result).find("renewal_rolled_back") == std::string::npos);
    CHECK(serial(world.host.keystore()) != old);
    CHECK(world.gateway.serial().empty());
  }
  CHECK(world.host.cloud().requests().size() == 1);
}

TEST_CASE("a roll-back is resumed after a power cut") {
  if (!have_java()) {
    return;
  }
  Refusing world;
  const std::string old = serial(world.host.keystore());
  const std::string checksum =
      run_or_throw({"sha256sum"}, {.environment = {}, .input = read_file(world.host.keystore())});
  write_file(world.gateway.hold_file(), checksum);
  {
    BackgroundProcess renewal(world.host.renew_command());
    const auto waits = [&] { return std::filesystem::exists(world.gateway.waiting_file()); };
    renewal.wait_for_errors(
        [&](const std::string& log) { return waits() || log.find("gateway_activation_failed") != std::string::npos; });
    wait_until(waits);
    renewal.send_signal(SIGKILL);
    renewal.wait();
  }
  std::filesystem::remove(world.gateway.hold_file());
  CHECK(serial(world.host.keystore()) == old);
  const CommandResult result = world.host.renew();
  INFO(result.output << result.errors);
  CHECK(result.status == 1);
  CHECK_THAT(names(result),
             ContainsSubstring("renewal_resumed gateway_activated gateway_verified renewal_rolled_back"));
  CHECK(serial(world.host.keystore()) == old);
  CHECK(world.gateway.serial() == old);
  CHECK(world.host.cloud().requests().size() == 1);
}

TEST_CASE("rollback and activate perform the steps of a renewal by hand") {
  if (!have_java()) {
    return;
  }
  Host host;
  JvmGateway gateway(host);
  host.configure({.certificate = {gateway.setting()}});
  const auto by_hand = [&](const std::string& command) {
    return run({RENEWD_BINARY, "--config", host.configuration().string(), command, "production"});
  };
  const std::string old = serial(host.keystore());
  REQUIRE(host.renew().status == 0);
  const std::string renewed = serial(host.keystore());

  const CommandResult rollback = by_hand("rollback");
  INFO(rollback.output << rollback.errors);
  CHECK(rollback.status == 0);
  CHECK_THAT(rollback.output, ContainsSubstring("production: rolled back, valid until ") &&
                                  ContainsSubstring("it is due for renewal, and the daemon will renew it"));
  CHECK(serial(host.keystore()) == old);
  CHECK(gateway.serial() == old);
  CHECK(by_hand("rollback").status == 1);

  // Another process has put the newer one back, and forgotten the restart.
  std::filesystem::copy_file(host.state() / "generations/2", host.keystore(),
                             std::filesystem::copy_options::overwrite_existing);
  const CommandResult activate = by_hand("activate");
  INFO(activate.output << activate.errors);
  CHECK(activate.status == 0);
  CHECK_THAT(activate.output, ContainsSubstring("production: activated, valid until "));
  CHECK(gateway.serial() == renewed);
  CHECK(host.cloud().requests().size() == 1);

  write_file(gateway.password_file(), "wrong\n");
  CHECK(by_hand("activate").status == 1);
}
