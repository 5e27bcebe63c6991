// The real binary, a real JVM as a unit of a real systemd: Type=simple, no Restart=, as Gravitee's packages ship it.

#include "support/catch.hpp"
#include "support/host.hpp"
#include "support/keystores.hpp"
#include "system/machine.hpp"

using namespace renewd::testing;

namespace {

constexpr auto kUnit = "graviteeio-apim-gateway";

class JvmUnit {
 public:
  explicit JvmUnit(Host& host) : host_(host) {
    machine.add_unit(
        kUnit,
        "Type=simple\nExecStart=/usr/bin/env java -Xshare:auto -XX:TieredStopAtLevel=1 -XX:-UsePerfData " GATEWAY_SOURCE
        " " +
            host.keystore().string() + " " + (host / "password").string() +
            "\nStandardOutput=append:" + log().string());
    // It reads its keystore once, at its start.
    std::filesystem::permissions(host.directory(), std::filesystem::perms(0755));
    machine.start(kUnit);
    while (serial().empty()) {
      REQUIRE(machine.property(kUnit, "ActiveState") == "active");
    }
    // However long the JVM takes: it is well when it says so, and not when it has ended.
    host.configure({.certificate = {"gateway: {systemd: {unit: " + std::string(kUnit) +
                                    ".service}, verify: {timeout: 2m, log: {file: " + log().string() +
                                    ", ready: uses serial}}}"}});
  }

  JvmUnit(const JvmUnit&) = delete;
  JvmUnit& operator=(const JvmUnit&) = delete;
  ~JvmUnit() { run({"systemctl", "stop", kUnit}); }

  // Of the certificate that it has said it uses, the last time; without a leading zero.
  std::string serial() const {
    const std::string text = std::filesystem::exists(log()) ? read_file(log()) : "";
    const std::string says = "uses serial ";
    const auto begin = text.rfind(says);
    return begin == std::string::npos ? ""
                                      : text.substr(begin + says.size(), text.find(',', begin) - begin - says.size());
  }

  Machine machine;

 private:
  std::filesystem::path log() const { return host_ / "gateway.log"; }

  Host& host_;
};

std::string serial(const std::filesystem::path& keystore) {
  const std::string serial = serial_of(certificate_of(keystore, kKeystorePassword));
  return serial.substr(serial.find_first_not_of('0'));
}

}  // namespace

TEST_CASE("a unit is restarted, and uses the new keystore") {
  Host host;
  JvmUnit gateway(host);
  const std::string old = serial(host.keystore());
  REQUIRE(gateway.serial() == old);
  const pid_t before = gateway.machine.main_pid(kUnit);
  const CommandResult result = host.renew();
  INFO(result.output << result.errors);
  CHECK(result.status == 0);
  CHECK(serial(host.keystore()) != old);
  CHECK(gateway.serial() == serial(host.keystore()));
  CHECK(gateway.machine.main_pid(kUnit) != before);
}

TEST_CASE(
    "a unit that ends a second after its start, for it cannot use the new keystore, runs with the old one again") {
  Host host({"--shape", "other-alias"});
  JvmUnit gateway(host);
  const std::string old = serial(host.keystore());
  const CommandResult result = host.renew();
  INFO(result.output << result.errors);
  CHECK(result.status == 1);
  // systemd took the start for good: the process was there. It is the verification that found it gone.
  const Events events = parse_events(result.errors);
  CHECK(find_event(events, "gateway_activated"));
  CHECK(find_event(events, "gateway_verification_failed"));
  CHECK(find_event(events, "renewal_rolled_back"));
  CHECK_THAT(result.output, ContainsSubstring("ActiveState=failed, exit status 1"));
  CHECK(serial(host.keystore()) == old);
  CHECK(gateway.serial() == old);
  CHECK(gateway.machine.property(kUnit, "ActiveState") == "active");
}
