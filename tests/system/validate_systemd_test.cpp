// `validate` with systemd: the units of the host, and the user of the service.

#include "support/catch.hpp"
#include "support/host.hpp"
#include "system/machine.hpp"

using namespace renewd::testing;

namespace {

CommandResult validate(const Host& host) {
  std::vector<std::string> argv = host.daemon_command();
  argv.back() = "validate";
  return run(argv);
}

}  // namespace

TEST_CASE("validate warns about a unit that does not exist or is masked") {
  Machine machine;
  machine.add_running_unit("there");
  run_or_throw({"systemctl", "mask", "masked.service"});
  Host host;
  host.configure({.certificate = {"gateway: {systemd: {units: [there.service, missing.service, masked.service]}}"}});
  const CommandResult result = validate(host);
  INFO(result.errors);
  CHECK(result.status == 0);
  CHECK_THAT(result.output, ContainsSubstring("valid, 1 certificate, 2 warnings"));
  CHECK_THAT(result.errors, ContainsSubstring("missing.service does not exist on this host"));
  CHECK_THAT(result.errors, ContainsSubstring("masked.service is masked"));
  CHECK(result.errors.find("there.service") == std::string::npos);
}

TEST_CASE("validate as root checks files with the rights of the installed unit's user") {
  Machine machine;
  Host host;
  CHECK(validate(host).errors.empty());
  machine.add_unit("gravitee-renewd", "Type=oneshot\nExecStart=/bin/true\nUser=nobody");
  const CommandResult result = validate(host);
  INFO(result.errors);
  CHECK(result.status == 0);
  CHECK_THAT(result.errors, ContainsSubstring("the token cannot be read: " + (host / "token").string() +
                                              " as user nobody (User= of the unit): Permission denied"));
  CHECK_THAT(result.errors, ContainsSubstring("the keystore cannot be read: "));
  CHECK_THAT(result.errors, ContainsSubstring("files in the directory"));
  CHECK_THAT(result.errors, ContainsSubstring("the configuration cannot be read: ") &&
                                ContainsSubstring("run: chown root:nogroup " + host.configuration().string()));

  machine.add_unit("gravitee-renewd", "Type=oneshot\nExecStart=/bin/true\nProtectHome=yes");
  host.configure({.certificate = {}, .keystore = {"ca_file: /home/operator/ca.pem"}, .http = {}});
  CHECK_THAT(validate(host).errors, ContainsSubstring("/home/operator/ca.pem") && ContainsSubstring("ProtectHome="));
  host.configure();

  machine.add_unit("gravitee-renewd", "Type=oneshot\nExecStart=/bin/true\nUser=no-such-user");
  CHECK_THAT(validate(host).errors, ContainsSubstring("there is no user no-such-user on this host"));
  run_or_throw({"rm", "/run/systemd/system/gravitee-renewd.service"});
  run_or_throw({"systemctl", "daemon-reload"});
}

TEST_CASE("validate warns about a gateway whose restart stops the daemon, or that stops with the daemon") {
  Machine machine;
  machine.add_running_unit("gateway");
  machine.add_alias("other-name.service", "gateway.service");
  Host host;
  host.configure({.certificate = {"gateway: {systemd: {unit: other-name.service}}"}});
  const auto warnings = [&](const std::string& unit_section) {
    machine.add_unit("gravitee-renewd", "Type=oneshot\nExecStart=/bin/true", unit_section);
    return validate(host).errors;
  };
  const std::string stops = "gateway.service also stops gravitee-renewd.service";
  for (const std::string setting : {"Requires", "Requisite", "BindsTo", "PartOf", "StopPropagatedFrom", "Conflicts"}) {
    CHECK_THAT(warnings(setting + "=gateway.service"), ContainsSubstring(stops + " (" + setting + "=)"));
  }
  write_file("/run/systemd/system/stack.target", "[Unit]\nRequires=gateway.service\n");
  CHECK_THAT(warnings("PartOf=stack.target"), ContainsSubstring(stops + " (Requires=)"));
  CHECK(warnings("Wants=gateway.service\nAfter=gateway.service").find(stops) == std::string::npos);

  const std::string stopped = "gravitee-renewd.service also stops gateway.service";
  machine.add_unit("gateway", "ExecStart=/bin/sleep infinity", "BindsTo=gravitee-renewd.service");
  CHECK_THAT(warnings(""), ContainsSubstring(stopped));
  machine.add_unit("gateway", "ExecStart=/bin/sleep infinity", "Wants=gravitee-renewd.service");
  CHECK(warnings("").find(stopped) == std::string::npos);
  run_or_throw({"rm", "/run/systemd/system/gravitee-renewd.service"});
  run_or_throw({"systemctl", "daemon-reload"});
}
