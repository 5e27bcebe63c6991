// Every shape of answer that a client should understand, on every kind of installed file.

#include <unistd.h>

#include "support/catch.hpp"
#include "support/host.hpp"
#include "support/keystores.hpp"

using namespace renewd::testing;

namespace {

void check_events(const Events& events) {
  std::vector<std::string> names;
  for (const auto& event : events) {
    names.push_back(field(event, "event"));
    CHECK(field(event, "certificate") == "production");
  }
  CHECK(names == std::vector<std::string>{"renewal_due", "renewal_requested", "renewal_answered", "keystore_installed",
                                          "gateway_activated", "gateway_verified", "renewal_completed"});
}

void check_one_good_request(const Simulator& cloud) {
  const auto requests = cloud.requests();
  REQUIRE(requests.size() == 1);
  CHECK(field(requests[0], "method") == "POST");
  CHECK(field(requests[0], "target") == std::string("/management/accounts/") + kAccount + "/certificate/renewcert");
  CHECK(field(requests[0], "violation").empty());
  CHECK(field(requests[0], "token_ok") == "true");
}

// The previous keystore, and the renewed one.
void check_generations(const Host& host, const std::string& old_bytes) {
  const auto directory = host.state() / "generations";
  CHECK(read_file(directory / "1") == old_bytes);
  CHECK(read_file(directory / "2") == read_file(host.keystore()));
  CHECK_FALSE(std::filesystem::exists(directory / "3"));
  for (const char* const name : {"1", "2"}) {
    CHECK(std::filesystem::status(directory / name).permissions() == std::filesystem::perms(0600));
  }
  CHECK(std::filesystem::status(host.state()).permissions() == std::filesystem::perms::owner_all);
  CHECK_FALSE(std::filesystem::exists(host.state() / "answer"));
}

// Renews once, and checks all that is the same for every shape.
void renew_and_check(Host& host) {
  const Snapshot before = snapshot(host.keystore());
  const CommandResult result = host.renew();
  INFO(result.output << result.errors);
  REQUIRE(result.status == 0);
  check_events(parse_events(result.errors));
  check_one_good_request(host.cloud());

  const Snapshot after = snapshot(host.keystore());
  CHECK(after.bytes != before.bytes);
  CHECK(after.inode != before.inode);
  CHECK(after.owner == before.owner);
  CHECK(after.group == before.group);
  CHECK(after.mode == before.mode);
  CHECK(after.modified > before.modified);
  check_generations(host, before.bytes);
  CHECK(host.restarts() == 1);

  const std::string installed = certificate_of(host.keystore(), kKeystorePassword);
  const auto issued = host.cloud().issued();
  REQUIRE(issued.size() == 1);
  CHECK(serial_of(installed) == serial_of(certificate_of(issued[0], kKeystorePassword)));
  CHECK(key_matches(host.keystore(), kKeystorePassword));
}

void check_alias(const Host& host) {
  const std::string list = keytool_list(host.keystore(), kKeystorePassword);
  CHECK_THAT(list, ContainsSubstring("cockpit-client, "));
  CHECK_THAT(list, ContainsSubstring("PrivateKeyEntry"));
}

}  // namespace

TEST_CASE("installs a PKCS#12 answer byte for byte, however it is encoded") {
  for (const std::string shape : {"pkcs12", "wrapped", "wrapped-crlf", "quoted", "newline", "urlsafe", "json-string",
                                  "json-object", "json-nested"}) {
    INFO("shape " << shape);
    Host host({"--shape", shape});
    renew_and_check(host);
    CHECK(read_file(host.keystore()) == read_file(host.cloud().issued().at(0)));
  }
}

TEST_CASE("builds a PKCS#12 file with the installed alias from answers of other kinds") {
  for (const std::string shape : {"pem", "pem-base64", "der-cert", "pem-cert", "pkcs7"}) {
    INFO("shape " << shape);
    Host host({"--shape", shape});
    renew_and_check(host);
    check_alias(host);
  }
}

TEST_CASE("renews a PEM file from a PKCS#12 answer, however it is encoded") {
  for (const std::string shape : {"pkcs12", "wrapped", "wrapped-crlf", "quoted", "newline", "urlsafe", "json-string",
                                  "json-object", "json-nested"}) {
    INFO("shape " << shape);
    Host host({"--shape", shape}, Target::pem);
    renew_and_check(host);
    CHECK_THAT(read_file(host.keystore()), ContainsSubstring("-----BEGIN PRIVATE KEY-----"));
  }
}

TEST_CASE("renews a PEM file from answers of other kinds") {
  for (const std::string shape : {"pem", "pem-base64", "der-cert", "pem-cert", "pkcs7"}) {
    INFO("shape " << shape);
    Host host({"--shape", shape}, Target::pem);
    renew_and_check(host);
  }
}

TEST_CASE("installs what the cloud issues by default, RSA 4096 with the documented subject") {
  Host host({"--key", "rsa:4096"});
  host.configure({.certificate = {}, .keystore = {"ca_file: " + host.cloud().client_ca_file().string()}, .http = {}});
  renew_and_check(host);
  check_alias(host);
  const std::string text = run_or_throw({"openssl", "x509", "-noout", "-text"},
                                        {.input = certificate_of(host.keystore(), kKeystorePassword)});
  CHECK_THAT(text, ContainsSubstring("OU = Cockpit, CN = " + std::string(kAccount)));
  CHECK_THAT(text, ContainsSubstring("sha512WithRSAEncryption"));
  CHECK_THAT(text, ContainsSubstring("(4096 bit)"));
}

TEST_CASE("replaces a JKS file by the PKCS#12 answer, which a JDK opens as either") {
  if (!have_program("keytool")) {
    WARN("skipped: keytool makes the JKS file");
    return;
  }
  Host host({"--key", "rsa:2048"});
  const auto jks = host / "keystore.jks";
  convert_to_jks(host.keystore(), jks, kKeystorePassword);
  host.use_keystore(jks);
  host.configure();
  renew_and_check(host);
  CHECK(read_file(jks) == read_file(host.cloud().issued().at(0)));
  CHECK_THAT(run_or_throw(
                 {"keytool", "-list", "-storetype", "JKS", "-keystore", jks.string(), "-storepass", kKeystorePassword}),
             ContainsSubstring("cockpit-client, "));
}

TEST_CASE("follows a symbolic link to the keystore and leaves it a link") {
  Host host;
  const auto link = host / "link.p12";
  std::filesystem::create_symlink(host.keystore().filename(), link);
  const auto file = host.keystore();
  host.use_keystore(link);
  host.configure();
  renew_and_check(host);
  CHECK(std::filesystem::is_symlink(link));
  CHECK(read_file(file) == read_file(host.cloud().issued().at(0)));
}
