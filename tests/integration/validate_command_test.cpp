// The command `validate`: the errors of a file, and the problems on this host with a file without errors.

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "support/catch.hpp"
#include "support/host.hpp"
#include "support/temporary_directory.hpp"

using namespace renewd::testing;

namespace {

// Without systemd, because its state differs from host to host (tests/system has its own).
CommandResult validate(const Host& host, const std::vector<std::string>& flags = {}) {
  std::vector<std::string> argv{RENEWD_BINARY, "--config", host.configuration().string(), "validate"};
  argv.insert(argv.end(), flags.begin(), flags.end());
  CommandResult result = run(argv, {.environment = {{"DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus"}}});
  check_no_secret(result.output + result.errors);
  return result;
}

// The one line of `errors` that holds `words`; the test fails when there is none.
std::string line_with(const std::string& errors, const std::string& words) {
  const auto found = errors.find(words);
  INFO(errors);
  REQUIRE(found != std::string::npos);
  const auto begin = errors.rfind('\n', found);
  return errors.substr(begin == std::string::npos ? 0 : begin + 1, errors.find('\n', found) - begin - 1);
}

// "FILE:LINE:COLUMN: KIND: ", at the text of the configuration that is named.
std::string at(const Host& host, const std::string& text, const std::string& kind) {
  const std::string yaml = read_file(host.configuration());
  const auto place = yaml.find(text);
  REQUIRE(place != std::string::npos);
  const auto line = std::count(yaml.begin(), yaml.begin() + static_cast<std::ptrdiff_t>(place), '\n') + 1;
  const auto column = place - (place == 0 ? 0 : yaml.rfind('\n', place - 1) + 1) + 1;
  return host.configuration().string() + ":" + std::to_string(line) + ":" + std::to_string(column) + ": " + kind + ": ";
}

}  // namespace

TEST_CASE("finds no problem on a correct host") {
  const Host host;
  const CommandResult result = validate(host, {"--strict"});
  CHECK(result.status == 0);
  CHECK(result.output == host.configuration().string() + ": valid, 1 certificate\n");
  CHECK(result.errors.empty());
  CHECK_FALSE(std::filesystem::exists(host / "state"));
  CHECK(host.cloud().requests().empty());
}

TEST_CASE("reports every error of a file with its place, and does not check the host") {
  Host host;
  host.configure({.certificate = {"renew_befor: 5d", "renew: sometimes"}, .keystore = {}, .http = {}});
  std::filesystem::remove(host / "token");
  const CommandResult result = validate(host);
  CHECK(result.status == 2);
  CHECK(result.output.empty());
  CHECK_THAT(result.errors, ContainsSubstring(at(host, "renew_befor:", "error") + "unknown key"));
  CHECK_THAT(result.errors, ContainsSubstring(at(host, "sometimes", "error") + "`renew` must be"));
  CHECK(result.errors.find("token") == std::string::npos);
}

TEST_CASE("reports an unusable secret, as the dry run does") {
  const Host host;
  std::filesystem::remove(host / "token");
  std::string words;
  SECTION("a FIFO") {
    REQUIRE(::mkfifo((host / "token").c_str(), 0600) == 0);
    words = "it is a FIFO";
  }
  SECTION("a whole header") {
    write_file(host / "token", "Authorization: Bearer abc\n");
    std::filesystem::permissions(host / "token", std::filesystem::perms(0600));
    words = "line 1, column 14";
  }
  const CommandResult result = validate(host);
  CHECK(result.status == 0);
  CHECK_THAT(line_with(result.errors, words),
             ContainsSubstring(at(host, "{file: " + (host / "token").string(), "warning")));
  const CommandResult dry = run({RENEWD_BINARY, "--config", host.configuration().string(), "renew", "--dry-run"});
  CHECK(dry.status == 1);
  CHECK_THAT(dry.output + dry.errors, ContainsSubstring(words));
  CHECK(host.cloud().requests().empty());
}

TEST_CASE("refuses a configuration that is not a regular file, without waiting for it") {
  const Host host;
  const CommandResult piped =
      run({RENEWD_BINARY, "--config", "/dev/stdin", "validate"}, {.environment = {}, .input = "x"});
  CHECK(piped.status == 2);
  CHECK_THAT(piped.errors, ContainsSubstring("/dev/stdin: error: this is a FIFO"));
}

TEST_CASE("a window without a time zone needs that of the host") {
  Host host;
  host.configure({.certificate = {"renew_windows: [{days: [sat]}]"}, .keystore = {}, .http = {}});
  const auto status = [&host](const std::string& zone) {
    return run({RENEWD_BINARY, "--config", host.configuration().string(), "validate"},
               {.environment = {{"TZ", zone}, {"DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus"}}});
  };
  CHECK(status("CET-1CEST,M3.5.0,M10.5.0/3").status == 0);
  CHECK(status("").status == 0);
  const CommandResult wrong = status("Europe/Pari");
  CHECK(wrong.status == 2);
  CHECK_THAT(wrong.errors,
             ContainsSubstring("`renew_windows.timezone` is required") && ContainsSubstring("Europe/Pari"));
}

TEST_CASE("warns at the key about problems on this host, and fails only with --strict") {
  Host host;
  std::filesystem::remove(host / "token");
  host.configure({.certificate = {"gateway: {command: {argv: [/nonexistent/restart]}}"},
                  .keystore = {"ca_file: /nonexistent/ca.pem"},
                  .http = {}});
  const CommandResult result = validate(host);
  CHECK(result.status == 0);
  CHECK_THAT(result.output, ContainsSubstring(": valid, 1 certificate, 3 warnings\n"));
  CHECK_THAT(result.errors, ContainsSubstring(at(host, "{file: " + (host / "token").string(), "warning") +
                                              "the token cannot be read: " + (host / "token").string()));
  CHECK_THAT(result.errors, ContainsSubstring(at(host, "/nonexistent/restart", "warning") + "the gateway cannot be"));
  CHECK_THAT(result.errors,
             ContainsSubstring(at(host, "/nonexistent/ca.pem", "warning") + "the bundle cannot be read"));
  const CommandResult strict = validate(host, {"--strict"});
  CHECK(strict.status == 2);
  CHECK(strict.output.empty());
  CHECK_THAT(strict.errors, ContainsSubstring(at(host, "/nonexistent/restart", "error") + "the gateway cannot be"));
}

TEST_CASE("warns about secrets and keystores that others can read or change") {
  Host host;
  const auto warnings = [&host] {
    const CommandResult result = validate(host);
    CHECK(result.status == 0);
    return result.errors;
  };
  CHECK(warnings().empty());
  const auto set_mode = [&host](const char* name, unsigned mode) {
    std::filesystem::permissions(host / name, std::filesystem::perms(mode));
  };
  SECTION("the password") {
    set_mode("password", 0604);
    CHECK_THAT(warnings(), ContainsSubstring("the keystore's password") && ContainsSubstring("has mode 0"));
    set_mode("password", 0602);
    CHECK_THAT(warnings(), ContainsSubstring("the keystore's password can be changed by others") &&
                               ContainsSubstring("can be written by everyone (mode 0602)"));
  }
  SECTION("the token") {
    set_mode("token", 0602);
    CHECK_THAT(warnings(), ContainsSubstring("the token can be changed by others"));
  }
  SECTION("the keystore") {
    std::filesystem::permissions(host.keystore(), std::filesystem::perms(0644));
    CHECK_THAT(warnings(), ContainsSubstring("the keystore") && ContainsSubstring("has mode 0"));
    std::filesystem::permissions(host.keystore(), std::filesystem::perms(0660));
    CHECK_THAT(warnings(), ContainsSubstring("the keystore can be changed by others"));
  }
  SECTION("the directory of a keystore") {
    std::filesystem::create_directory(host / "keys");
    std::filesystem::rename(host.keystore(), host / "keys/keystore.p12");
    host.use_keystore(host / "keys/keystore.p12");
    host.configure();
    set_mode("keys", 0770);
    CHECK_THAT(warnings(),
               ContainsSubstring("the keystore can be changed by others: ") && ContainsSubstring("keys has mode 0770"));
  }
}

TEST_CASE("warns about a keystore that the daemon cannot use") {
  Host host;
  SECTION("a wrong password") {
    write_file(host / "password", "another\n");
    const CommandResult result = validate(host);
    CHECK(result.status == 0);
    CHECK_THAT(line_with(result.errors, "opening the keystore"),
               ContainsSubstring(at(host, host.keystore().string(), "warning")) && ContainsSubstring("password"));
  }
  SECTION("a different type") {
    host.configure({.certificate = {}, .keystore = {"type: pem"}, .http = {}});
    CHECK_THAT(validate(host).errors, ContainsSubstring("which keystore.type does not allow"));
  }
  SECTION("a window of more than half of its life") {
    host.configure({.certificate = {"renew_before: 364d"}, .keystore = {}, .http = {}});
    const CommandResult result = validate(host);
    CHECK(result.status == 0);
    CHECK_THAT(result.errors, ContainsSubstring(at(host, "364d", "warning") + "`renew_before` is more than half"));
  }
  SECTION("maintenance windows that are ignored whenever it is renewed") {
    host.configure({.certificate = {"renew_before: 1%", "renew_windows: [{}]"}, .keystore = {}, .http = {}});
    CHECK_THAT(validate(host).errors, ContainsSubstring("`override_windows_before`"));
  }
}

TEST_CASE("warns about unusable places for metrics") {
  Host host;
  write_file(host.configuration(), read_file(host.configuration()) +
                                       "metrics: {textfile: /nonexistent/renewd.prom, listen: 'unix:/nowhere/s'}\n");
  const CommandResult result = validate(host);
  CHECK(result.status == 0);
  CHECK_THAT(line_with(result.errors, at(host, "/nonexistent/renewd.prom", "warning")),
             ContainsSubstring(" /nonexistent: No such file or directory"));
  CHECK_THAT(line_with(result.errors, at(host, "'unix:/nowhere/s'", "warning")),
             ContainsSubstring(" /nowhere: No such file or directory"));
}

TEST_CASE("warns about secrets that others can read") {
  Host host;
  SECTION("a token") {
    std::filesystem::permissions(host / "token", std::filesystem::perms(0644));
    CHECK_THAT(validate(host).errors, ContainsSubstring("(mode 0644)"));
  }
}

TEST_CASE("only notes what it cannot check outside of the service") {
  Host host;
  write_file(host.configuration(), R"(certificates:
  - name: production
    account_url: https://127.0.0.1:1/accounts/a
    token: {credential: renewd-test-that-is-missing}
    keystore: {path: )" + host.keystore().string() +
                                       R"(, password: {env: NOT_SET_HERE}}
    gateway: {systemd: {units: [a.service, b.service]}}
)");
  const CommandResult result = validate(host, {"--strict"});
  INFO(result.errors);
  // Root reads the directory where the service's credentials are stored.
  const bool root = ::geteuid() == 0;
  CHECK(result.status == (root ? 2 : 0));
  CHECK_THAT(result.errors, ContainsSubstring(at(host, "{credential", root ? "error" : "note") + "the token "));
  CHECK_THAT(result.errors, ContainsSubstring(at(host, "{env", "note") + "the keystore's password "));
  CHECK_THAT(result.errors, ContainsSubstring(at(host, "a.service", "note")));
}

TEST_CASE("connects to the cloud only with --online, and sends no request") {
  SECTION("a way that is open") {
    const Host host;
    const CommandResult result = validate(host, {"--online", "--strict"});
    INFO(result.errors);
    CHECK(result.status == 0);
    CHECK_THAT(result.output, ContainsSubstring("/certificate/renewcert is reachable"));
    CHECK(host.cloud().requests().empty());
  }
  SECTION("a cloud that is not trusted") {
    const Host host({"--fault", "unknown-ca"});
    CHECK(validate(host).errors.empty());
    const CommandResult result = validate(host, {"--online"});
    CHECK(result.status == 0);
    CHECK_THAT(result.errors,
               ContainsSubstring(at(host, host.cloud().account_url(), "warning") + "the cloud cannot be reached: "));
    CHECK(validate(host, {"--online", "--strict"}).status == 2);
  }
}

TEST_CASE("explains what to do without a configuration") {
  const TemporaryDirectory directory;
  const auto file = (directory / "config.yaml").string();
  const CommandResult result = run({RENEWD_BINARY, "--config", file, "validate"});
  CHECK(result.status == 2);
  CHECK_THAT(result.errors, ContainsSubstring(file + ": error: ") && ContainsSubstring("--config"));
}
