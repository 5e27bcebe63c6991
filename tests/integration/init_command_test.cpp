// The command `init`: turns a gravitee.yml into a configuration that renews, with and without a terminal.
#include <sys/stat.h>

#include <filesystem>
#include <sstream>

#include "support/catch.hpp"
#include "support/host.hpp"
#include "support/pseudo_terminal.hpp"

using namespace renewd::testing;

namespace {

namespace fs = std::filesystem;

// Wide enough to break no line.
constexpr unsigned short kWide = 400;

mode_t mode_of(const fs::path& path) {
  struct stat status{};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777U;
}

// A host with a gravitee.yml that names the keystore, but without a configuration.
class UnconfiguredHost {
 public:
  UnconfiguredHost() { write_settings(kKeystorePassword); }

  // Without a password of the technical API it asks for none.
  void write_settings(const std::string& password, const std::string& health_password = "") {
    fs::create_directories(home() / "config");
    fs::create_directories(home() / "security");
    if (!fs::exists(keystore())) {
      fs::copy_file(host_.keystore(), keystore());
      host_.use_keystore(keystore());
    }
    write_file(settings(),
               "cloud:\n  enabled: true\n  connector:\n    ws:\n      endpoints: "
               "[\"https://us.cloudgate.gravitee.io:443\"]\n      ssl:\n        keystore:\n          type: PKCS12\n"
               "          path: ${gravitee.home}/security/keystore.p12\n          password: \"" +
                   password + "\"\nservices: {core: {http: {authentication: " +
                   (health_password.empty() ? "{type: none}" : "{users: {admin: " + health_password + "}}") + "}}}\n");
  }

  Host& host() { return host_; }
  fs::path home() const { return host_ / "gateway home"; }
  fs::path settings() const { return home() / "config/gravitee.yml"; }
  fs::path keystore() const { return home() / "security/keystore.p12"; }
  fs::path directory() const { return host_ / "etc/gravitee-renewd"; }
  fs::path configuration() const { return directory() / "config.yaml"; }

  // Everything up to the command, and "init" with the options.
  std::vector<std::string> command(const std::vector<std::string>& options) const {
    std::vector<std::string> argv = {RENEWD_BINARY, "--config", configuration().string(),
                                     "init",        "--from",   settings().string()};
    argv.insert(argv.end(), options.begin(), options.end());
    return argv;
  }
  CommandResult init(const std::vector<std::string>& options) const {
    auto result = run(command(options));
    check_no_secret(result.output + result.errors);
    return result;
  }
  std::vector<std::string> whole() const { return {"--account-url", host_.cloud().account_url(), "--unit", "none"}; }

  // Additions for tests: the CA of the simulated cloud, and a state directory.
  void trust_the_simulator() const {
    write_file(configuration(), read_file(configuration()) + "http: {ca_file: " + host_.cloud().ca_file().string() +
                                    "}\nstate_directory: " + (host_ / "state").string() + "\nlog: {format: json}\n");
  }
  CommandResult with_configuration(const std::string& command) const {
    return run({RENEWD_BINARY, "--config", configuration().string(), command});
  }

 private:
  Host host_;
};

void check_renews(UnconfiguredHost& host) {
  host.trust_the_simulator();
  const auto validated = host.with_configuration("validate");
  INFO(validated.errors);
  CHECK(validated.status == 0);
  const auto renewed = host.with_configuration("renew");
  INFO(renewed.errors);
  CHECK(renewed.status == 0);
  CHECK(read_file(host.keystore()) == read_file(host.host().cloud().issued().at(0)));
}

}  // namespace

TEST_CASE("init writes a configuration that renews, and the password to a separate file") {
  UnconfiguredHost host;
  const auto written = host.init(host.whole());
  INFO(written.output << written.errors);
  REQUIRE(written.status == 0);
  CHECK(mode_of(host.configuration()) == 0640);
  CHECK(mode_of(host.directory()) == 0750);
  CHECK(mode_of(host.directory() / "keystore-password") == 0600);
  CHECK(read_file(host.directory() / "keystore-password") == std::string(kKeystorePassword) + "\n");
  check_no_secret(read_file(host.configuration()));
  for (const char* step : {"account-token", "validate", "renew --dry-run", "systemctl enable --now gravitee-renewd"}) {
    CHECK_THAT(written.output, ContainsSubstring(step));
  }
  write_file(host.directory() / "account-token", std::string(kAccountToken) + "\n");
  check_renews(host);
}

TEST_CASE("init without a terminal lists what is missing, and writes nothing") {
  UnconfiguredHost host;
  host.write_settings("secret://vault/keystore:password");
  const auto result = host.init({});
  INFO(result.output << result.errors);
  CHECK(result.status == 2);
  for (const char* missing : {"--account-url", "--password-file", "--unit", "Nothing was written"}) {
    CHECK_THAT(result.errors, ContainsSubstring(missing));
  }
  CHECK_FALSE(fs::exists(host.directory()));

  write_file(host.host() / "given-password", kKeystorePassword);
  auto options = host.whole();
  options.insert(options.end(), {"--password-file", (host.host() / "given-password").string(), "--token-file",
                                 (host.host() / "token").string()});
  const auto written = host.init(options);
  INFO(written.errors);
  REQUIRE(written.status == 0);
  CHECK_FALSE(fs::exists(host.directory() / "keystore-password"));
  check_renews(host);
}

TEST_CASE("init never overwrites a file without --force") {
  UnconfiguredHost host;
  fs::create_directories(host.directory());
  auto options = host.whole();
  const auto refuses_because_of = [&](const char* file) {
    write_file(host.directory() / file, "mine");
    const auto result = host.init(options);
    INFO(result.errors);
    CHECK(result.status == 2);
    CHECK_THAT(result.errors, ContainsSubstring(std::string(file) + " exists") && ContainsSubstring("--force"));
    CHECK(read_file(host.directory() / file) == "mine");
    CHECK(std::distance(fs::directory_iterator(host.directory()), {}) == 1);
  };
  refuses_because_of("config.yaml");
  fs::remove(host.configuration());
  refuses_because_of("keystore-password");
  CHECK_THAT(host.init(host.whole()).errors,
             ContainsSubstring("does not open the keystore") && ContainsSubstring("--password-file"));
  fs::remove(host.directory() / "keystore-password");
  host.write_settings(kKeystorePassword, "health-1");
  options.back() = "gateway.service";
  refuses_because_of("health-password");
  fs::remove(host.directory() / "health-password");
  host.write_settings(kKeystorePassword);
  write_file(host.directory() / "keystore-password", "mine");

  options = host.whole();
  options.emplace_back("--force");
  CHECK(host.init(options).status == 0);
  CHECK(read_file(host.directory() / "keystore-password") == std::string(kKeystorePassword) + "\n");
  CHECK(host.init(options).status == 0);
  CHECK(std::distance(fs::directory_iterator(host.directory()), {}) == 2);
}

TEST_CASE("init uses an existing password file that opens the keystore") {
  UnconfiguredHost host;
  fs::create_directories(host.directory());
  write_file(host.directory() / "keystore-password", std::string(kKeystorePassword) + "\n");
  fs::permissions(host.directory() / "keystore-password", fs::perms(0400));
  const auto written = host.init(host.whole());
  INFO(written.output << written.errors);
  REQUIRE(written.status == 0);
  CHECK_THAT(written.errors, ContainsSubstring("keystore-password exists"));
  CHECK(mode_of(host.directory() / "keystore-password") == 0400);
  write_file(host.directory() / "account-token", std::string(kAccountToken) + "\n");
  check_renews(host);
}

TEST_CASE("init compares an existing password that it cannot try") {
  UnconfiguredHost host;
  fs::remove(host.keystore());
  fs::create_directories(host.directory());
  write_file(host.directory() / "keystore-password", "stale\n");
  const auto refused = host.init(host.whole());
  CHECK(refused.status == 2);
  CHECK_THAT(refused.errors, ContainsSubstring("keystore-password exists"));
  write_file(host.directory() / "keystore-password", std::string(kKeystorePassword) + "\n");
  CHECK(host.init(host.whole()).status == 0);
}

TEST_CASE("init refuses a wrong --password-file, and warns about an invalid token") {
  UnconfiguredHost host;
  write_file(host.host() / "given-password", "wrong\n");
  write_file(host.host() / "empty-token", "");
  auto options = host.whole();
  options.insert(options.end(), {"--password-file", (host.host() / "given-password").string(), "--token-file",
                                 (host.host() / "empty-token").string()});
  const auto refused = host.init(options);
  CHECK(refused.status == 2);
  CHECK_THAT(refused.errors, ContainsSubstring("--password-file: "));
  write_file(host.host() / "given-password", std::string(kKeystorePassword) + "\n");
  const auto written = host.init(options);
  CHECK(written.status == 0);
  CHECK_THAT(written.errors, ContainsSubstring("account token") && ContainsSubstring("empty-token"));
}

TEST_CASE("init checks the health check's password after the user has named the unit") {
  UnconfiguredHost host;
  host.write_settings(kKeystorePassword, "new-health");
  fs::create_directories(host.directory());
  write_file(host.directory() / "health-password", "old-health");
  PseudoTerminal terminal(
      host.command({"--account-url", host.host().cloud().account_url(), "--token-file", "/etc/account-token"}), kWide);
  terminal.expect("Name for logs");
  terminal.type("\n");
  terminal.expect("Unit that reads the keystore");
  terminal.type("gateway.service\n");
  terminal.expect("health-password exists");
  terminal.expect("Nothing was written");
  CHECK(terminal.wait() == 2);
}

TEST_CASE("init reports an existing file before any further question") {
  UnconfiguredHost host;
  fs::create_directories(host.directory());
  write_file(host.directory() / "keystore-password", "another");
  PseudoTerminal terminal(host.command({}), kWide);
  terminal.expect("Name for logs");
  terminal.type("\n");
  terminal.expect("keystore-password exists");
  terminal.expect("Nothing was written");
  CHECK(terminal.wait() == 2);
  CHECK(terminal.screen().find("Account URL") == std::string::npos);
}

TEST_CASE("init overwrites the commented-out configuration of a package") {
  UnconfiguredHost host;
  fs::create_directories(host.directory());
  write_file(host.configuration(), "# Nothing is configured yet.\n#certificates:\n");
  const auto written = host.init(host.whole());
  INFO(written.errors);
  CHECK(written.status == 0);
  CHECK_THAT(read_file(host.configuration()), ContainsSubstring("\ncertificates:\n"));
}

TEST_CASE("init reports that it cannot write, and writes nothing") {
  UnconfiguredHost host;
  write_file(host.host() / "etc", "a file, not a directory");
  const auto result = host.init(host.whole());
  INFO(result.errors);
  CHECK(result.status != 0);
  CHECK_THAT(result.errors, ContainsSubstring("Nothing was written"));
}

TEST_CASE("init refuses a broken or missing gravitee.yml") {
  UnconfiguredHost host;
  write_file(host.settings(), "cloud: {password: " + std::string(kKeystorePassword) + "\n");
  auto result = host.init(host.whole());
  CHECK(result.status == 2);
  CHECK_THAT(result.errors, ContainsSubstring(host.settings().string() + ":"));
  fs::remove(host.settings());
  result = host.init(host.whole());
  CHECK(result.status == 2);
  CHECK_THAT(result.errors, ContainsSubstring("No such file"));
  CHECK_FALSE(fs::exists(host.directory()));
}

TEST_CASE("init --output - prints a valid configuration and writes no file") {
  UnconfiguredHost host;
  auto options = host.whole();
  options.insert(options.end(), {"--output", "-"});
  const auto printed = host.init(options);
  INFO(printed.errors);
  REQUIRE(printed.status == 0);
  CHECK_THAT(printed.errors, ContainsSubstring("/etc/gravitee-renewd/keystore-password"));
  CHECK_FALSE(fs::exists(host.directory()));
  fs::create_directories(host.directory());
  write_file(host.configuration(), printed.output);
  const auto validated = host.with_configuration("validate");
  INFO(validated.errors);
  CHECK(validated.status == 0);
}

TEST_CASE("init asks at the terminal, hides secrets, and writes a configuration that renews") {
  UnconfiguredHost host;
  host.write_settings("${KEYSTORE_PASSWORD}");
  PseudoTerminal terminal(host.command({}), kWide);
  terminal.expect("Name for logs and metrics [gravitee]: ");
  terminal.type("production\n");
  terminal.expect("${KEYSTORE_PASSWORD}");
  terminal.expect("Password of the keystore");
  terminal.type("wrong\n");
  terminal.expect("does not open the keystore");
  terminal.expect("Password of the keystore");
  terminal.type(std::string(kKeystorePassword) + "\n");
  terminal.expect("certificate of ");
  // The account comes from the certificate's name, the region from gravitee.yml.
  terminal.expect("[https://us.cloud.gravitee.io/management/accounts/" + std::string(kAccount) + "]: ");
  terminal.type("ftp://nowhere\n");
  terminal.expect("It ");
  terminal.expect("Account URL");
  terminal.type(host.host().cloud().account_url() + "\n");
  terminal.expect("File of the account token");
  terminal.type("\n");
  terminal.expect("Account token (not shown");
  terminal.type(std::string(kAccountToken) + "\n");
  terminal.expect("Unit that reads the keystore");
  terminal.type("\n");
  terminal.expect("Next:");
  const int status = terminal.wait();
  INFO(terminal.screen());
  REQUIRE(status == 0);
  check_no_secret(terminal.screen());
  CHECK(mode_of(host.directory() / "account-token") == 0600);
  check_renews(host);
}

TEST_CASE("init breaks no word on a narrow terminal") {
  const unsigned short columns = GENERATE(as<unsigned short>{}, 60, 80);
  UnconfiguredHost host;
  host.write_settings("${KEYSTORE_PASSWORD}");
  PseudoTerminal terminal(host.command({}), columns);
  const auto answer = [&terminal](const char* question, const std::string& typed) {
    terminal.expect(question);
    terminal.type(typed + "\n");
  };
  answer("Name for logs", "Not-A-Name");
  answer("Name for logs", "");
  answer("Password of the keystore", std::string(kKeystorePassword));
  answer("Account URL", "");
  answer("File of the account token", "");
  answer("Account token", "");
  answer("Unit that reads the", "");
  terminal.expect("Next:");
  REQUIRE(terminal.wait() == 0);
  std::istringstream screen(terminal.screen());
  std::string line;
  while (std::getline(screen, line)) {
    // Only a command, or a single word behind the indentation, may be longer.
    const auto text = line.substr(0, line.find_last_not_of("\r ") + 1);
    const auto first = text.find_first_not_of(' ');
    CAPTURE(columns, text);
    CHECK((text.size() <= columns || text.starts_with("    ") || text.find(' ', first) == std::string::npos));
  }
}

TEST_CASE("init writes nothing when the user ends it at a question") {
  UnconfiguredHost host;
  host.write_settings("${KEYSTORE_PASSWORD}");
  SECTION("with Ctrl-D at a question") {
    PseudoTerminal terminal(host.command({}), kWide);
    terminal.expect("Name for logs");
    terminal.type("\n");
    terminal.expect("Password of the keystore");
    terminal.type(std::string(kKeystorePassword) + "\n");
    terminal.expect("Account URL [");
    terminal.type("\x04");
    terminal.expect("Nothing was written");
    CHECK(terminal.wait() == 1);
  }
  SECTION("with Ctrl-C at a question") {
    PseudoTerminal terminal(host.command({}), kWide);
    terminal.expect("Name for logs");
    terminal.type("half\x03");
    terminal.expect("Nothing was written");
    CHECK(terminal.wait() == 1);
  }
  SECTION("with Ctrl-C at a secret") {
    PseudoTerminal terminal(host.command({}), kWide);
    terminal.expect("Name for logs");
    terminal.type("\n");
    terminal.expect("Password of the keystore");
    terminal.type("half\x03");
    terminal.expect("Nothing was written");
    CHECK(terminal.wait() == 1);
    CHECK(terminal.screen().find("half") == std::string::npos);
  }
  CHECK_FALSE(fs::exists(host.directory()));
}
