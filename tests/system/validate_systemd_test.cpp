// What `validate` learns from systemd: which units there are, and as whom the daemon will run.

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

TEST_CASE("validate warns of a unit that does not exist or is masked") {
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

TEST_CASE("validate, run by root, judges files by what the user of the installed unit may do") {
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
  CHECK_THAT(result.errors, ContainsSubstring("no file can be made in the directory"));
  CHECK_THAT(result.errors, ContainsSubstring("the configuration cannot be read: "));

  machine.add_unit("gravitee-renewd", "Type=oneshot\nExecStart=/bin/true\nProtectHome=yes");
  host.configure({.certificate = {}, .keystore = {"ca_file: /home/operator/ca.pem"}, .http = {}});
  CHECK_THAT(validate(host).errors,
             ContainsSubstring("the bundle cannot be read: the service sees nothing below home directories"));
  host.configure();

  machine.add_unit("gravitee-renewd", "Type=oneshot\nExecStart=/bin/true\nUser=no-such-user");
  CHECK_THAT(validate(host).errors, ContainsSubstring("there is no user no-such-user on this host"));
  run_or_throw({"rm", "/run/systemd/system/gravitee-renewd.service"});
  run_or_throw({"systemctl", "daemon-reload"});
}
