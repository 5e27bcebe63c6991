#include <openssl/err.h>

#include "certificate/keystore.hpp"
#include "fixtures.hpp"
#include "minted.hpp"
#include "support/catch.hpp"
#include "support/command.hpp"
#include "support/temporary_directory.hpp"

namespace renewd::certificate {
namespace {

using testing::error_of;
using testing::fixture_bytes;
using testing::joined_fixtures;
using testing::open_or_fail;
using testing::password;
using testing::run_or_throw;

Keystore source() {
  return open_or_fail(joined_fixtures({"leaf.key", "leaf.pem", "intermediate.pem", "root.pem"}), Secret());
}

std::string written_pkcs12(const std::string& alias, const Secret& secret) {
  const Keystore keystore = source();
  const auto bytes = write_pkcs12(keystore.certificate, keystore.chain, *keystore.key, alias, secret);
  CHECK(ERR_peek_error() == 0);
  REQUIRE(bytes.has_value());
  return *bytes;
}

TEST_CASE("a written PKCS#12 opens again with alias, key and chain") {
  if (!testing::have_tools()) {
    return;
  }
  for (const std::string secret : {"changeit", "", "pässwörd"}) {
    const auto reopened = open_or_fail(written_pkcs12("cockpit-client", Secret(secret)), Secret(secret));
    CHECK(reopened.alias == "cockpit-client");
    CHECK_FALSE(reopened.legacy_encryption);
    REQUIRE(reopened.key.has_value());
    CHECK(reopened.certificate.belongs_to(*reopened.key));
    CHECK(reopened.certificate.fingerprint_sha256() == source().certificate.fingerprint_sha256());
    CHECK(reopened.chain.size() == 2);
  }
  CHECK(open_or_fail(written_pkcs12("", password()), password()).alias.empty());
  CHECK(error_of(written_pkcs12("a", password()), Secret("wrong")).problem == KeystoreProblem::wrong_password);
}

TEST_CASE("a written PKCS#12 opens in the JDK, including its key") {
  if (!testing::have_tools()) {
    return;
  }
  const testing::TemporaryDirectory directory;
  const std::string path = (directory / "written.p12").string();
  testing::write_file(path, written_pkcs12("cockpit-client", password()));
  const std::string listing = run_or_throw({"keytool", "-list", "-v", "-keystore", path, "-storepass", "changeit"});
  CHECK_THAT(listing, ContainsSubstring("Alias name: cockpit-client"));
  CHECK_THAT(listing, ContainsSubstring("Entry type: PrivateKeyEntry"));
  CHECK_THAT(listing, ContainsSubstring("Certificate chain length: 3"));
  // Signing a request needs the private key itself.
  CHECK_THAT(
      run_or_throw({"keytool", "-certreq", "-alias", "cockpit-client", "-keystore", path, "-storepass", "changeit"}),
      ContainsSubstring("BEGIN NEW CERTIFICATE REQUEST"));
  // The gateway may have it configured as JKS.
  CHECK_THAT(run_or_throw({"keytool", "-list", "-keystore", path, "-storepass", "changeit", "-storetype", "JKS"}),
             ContainsSubstring("cockpit-client"));
}

TEST_CASE("a written PKCS#12 opens in openssl, with the documented algorithms") {
  if (!testing::have_tools()) {
    return;
  }
  const testing::TemporaryDirectory directory;
  const std::string path = (directory / "written.p12").string();
  testing::write_file(path, written_pkcs12("cockpit-client", password()));
  const auto shown = testing::run({"openssl", "pkcs12", "-in", path, "-passin", "pass:changeit", "-nodes", "-info"});
  REQUIRE(shown.status == 0);
  CHECK_THAT(shown.output, ContainsSubstring("friendlyName: cockpit-client"));
  CHECK_THAT(shown.output, ContainsSubstring("BEGIN PRIVATE KEY"));
  CHECK_THAT(shown.errors, ContainsSubstring("MAC: sha256, Iteration 10000"));
  CHECK_THAT(shown.errors,
             ContainsSubstring("Shrouded Keybag: PBES2, PBKDF2, AES-256-CBC, Iteration 10000, PRF hmacWithSHA256"));
  CHECK_THAT(shown.errors, ContainsSubstring("Encrypted data: PBES2, PBKDF2, AES-256-CBC"));
}

TEST_CASE("a key that does not belong to the certificate is not written") {
  if (!testing::have_tools()) {
    return;
  }
  const Keystore keystore = source();
  const auto other = testing::mint({.common_name = "other", .not_before = {}, .not_after = {}});
  const auto failed = write_pkcs12(keystore.certificate, {}, other.key, "a", password());
  REQUIRE_FALSE(failed.has_value());
  CHECK(failed.error().kind == ErrorKind::bad_answer);
  CHECK(ERR_peek_error() == 0);
  CHECK_FALSE(
      write_pkcs12(keystore.certificate, {}, *keystore.key, "a", Secret(std::string_view("a\0b", 3))).has_value());
}

TEST_CASE("written PEM opens again, and is encrypted if there is a password") {
  if (!testing::have_tools()) {
    return;
  }
  const Keystore keystore = source();
  for (const bool encrypted : {false, true}) {
    const Secret secret = encrypted ? password() : Secret();
    const auto pem = write_pem(keystore.certificate, keystore.chain, *keystore.key, secret);
    CHECK(ERR_peek_error() == 0);
    REQUIRE(pem.has_value());
    CHECK(pem->starts_with(encrypted ? "-----BEGIN ENCRYPTED PRIVATE KEY-----" : "-----BEGIN PRIVATE KEY-----"));
    const auto reopened = open_or_fail(*pem, secret);
    CHECK(reopened.encrypted_key == encrypted);
    CHECK(reopened.certificate.belongs_to(*reopened.key));
    CHECK(reopened.chain.size() == 2);
    const testing::TemporaryDirectory directory;
    testing::write_file(directory / "written.pem", *pem);
    CHECK_THAT(testing::openssl({"pkey", "-in", (directory / "written.pem").string(), "-passin", "pass:changeit"}),
               ContainsSubstring("BEGIN PRIVATE KEY"));
  }
}

}  // namespace
}  // namespace renewd::certificate
