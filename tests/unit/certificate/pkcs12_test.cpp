#include <openssl/err.h>
#include <openssl/provider.h>

#include "certificate/keystore.hpp"
#include "fixtures.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

namespace renewd::certificate {
namespace {

using testing::error_of;
using testing::fixture;
using testing::fixture_bytes;
using testing::kAccount;
using testing::open_or_fail;
using testing::password;

std::vector<std::string> names(const std::vector<Certificate>& chain) {
  std::vector<std::string> all;
  for (const auto& certificate : chain) {
    all.push_back(certificate.common_name());
  }
  return all;
}

void check_entry(const Keystore& keystore, const std::string& alias) {
  CHECK(keystore.format == Format::pkcs12);
  CHECK(keystore.alias == alias);
  CHECK(keystore.certificate.common_name() == kAccount);
  CHECK(keystore.has_key_entry);
  REQUIRE(keystore.key.has_value());
  CHECK(keystore.certificate.belongs_to(*keystore.key));
}

TEST_CASE("opens the PKCS#12 keystores of keytool and openssl, old and new") {
  if (!testing::have_tools()) {
    return;
  }
  SECTION("keytool of JDK 17") {
    const auto keystore = open_or_fail(fixture_bytes("modern.p12"), password());
    check_entry(keystore, "cockpit-client");
    CHECK_FALSE(keystore.legacy_encryption);
  }
  SECTION("keytool of JDK 8, whose RC2-40 needs the legacy provider") {
    const auto keystore = open_or_fail(fixture_bytes("old.p12"), password());
    check_entry(keystore, "cockpit-client");
    CHECK(keystore.legacy_encryption);
    CHECK(open_or_fail(fixture_bytes("old.p12"), password()).legacy_encryption);
  }
  SECTION("openssl -legacy") {
    const auto keystore = open_or_fail(fixture_bytes("openssl-legacy.p12"), password());
    check_entry(keystore, "cockpit-client");
    CHECK(keystore.legacy_encryption);
  }
  SECTION("openssl, with the chain put in order") {
    const auto keystore = open_or_fail(fixture_bytes("chain.p12"), password());
    check_entry(keystore, "cockpit-client");
    CHECK(names(keystore.chain) == std::vector<std::string>{"Test Intermediate", "Test Root"});
  }
  SECTION("openssl without -name has no alias") {
    check_entry(open_or_fail(fixture_bytes("unnamed.p12"), password()), "");
  }
  SECTION("neither MAC nor encryption, with any password") {
    check_entry(open_or_fail(fixture_bytes("bare.p12"), Secret()), "bare");
    check_entry(open_or_fail(fixture_bytes("bare.p12"), password()), "bare");
  }
  SECTION("an empty password") {
    check_entry(open_or_fail(fixture_bytes("empty-password.p12"), Secret()), "cockpit-client");
  }
}

TEST_CASE("opening an old keystore does not enable its algorithms in the rest of the process") {
  if (!testing::have_tools()) {
    return;
  }
  open_or_fail(fixture_bytes("old.p12"), password());
  CHECK(OSSL_PROVIDER_available(nullptr, "legacy") == 0);
  EVP_CIPHER* cipher = EVP_CIPHER_fetch(nullptr, "RC2-40-CBC", nullptr);
  CHECK(cipher == nullptr);
  EVP_CIPHER_free(cipher);
  ERR_clear_error();
}

TEST_CASE("passwords in UTF-8 open a PKCS#12") {
  if (!testing::have_tools()) {
    return;
  }
  const testing::TemporaryDirectory directory;
  const std::string secret = "pässwörd€";
  testing::openssl({"pkcs12", "-export", "-inkey", fixture("leaf.key").string(), "-in", fixture("leaf.pem").string(),
                    "-out", (directory / "utf8.p12").string(), "-passout", "pass:" + secret, "-name", "clé"});
  const std::string bytes = testing::read_file(directory / "utf8.p12");
  check_entry(open_or_fail(bytes, Secret(secret)), "clé");
  CHECK(error_of(bytes, Secret("password")).problem == KeystoreProblem::wrong_password);
}

TEST_CASE("of several entries, the one that Gravitee looks up is chosen, with its own key") {
  if (!testing::have_tools()) {
    return;
  }
  const auto keystore = open_or_fail(fixture_bytes("two.p12"), password());
  check_entry(keystore, "cockpit-client");
  CHECK(keystore.chain.size() == 1);
}

TEST_CASE("a PKCS#12 with only certificates opens without a key") {
  if (!testing::have_tools()) {
    return;
  }
  const auto keystore = open_or_fail(fixture_bytes("trust.p12"), password());
  CHECK(keystore.alias == "authority");
  CHECK(keystore.certificate.common_name() == "Test Root");
  CHECK_FALSE(keystore.key.has_value());
  CHECK_FALSE(keystore.has_key_entry);
}

TEST_CASE("a PKCS#12 with only a key has no certificate") {
  if (!testing::have_tools()) {
    return;
  }
  const testing::TemporaryDirectory directory;
  testing::openssl({"pkcs12", "-export", "-nocerts", "-inkey", fixture("leaf.key").string(), "-out",
                    (directory / "key.p12").string(), "-passout", "pass:changeit"});
  CHECK(error_of(testing::read_file(directory / "key.p12"), password()).problem == KeystoreProblem::no_certificate);
}

TEST_CASE("a wrong password for a PKCS#12 is not reported as damage") {
  if (!testing::have_tools()) {
    return;
  }
  for (const std::string name : {"modern.p12", "old.p12", "chain.p12", "openssl-legacy.p12", "empty-password.p12"}) {
    INFO(name);
    const std::string bytes = fixture_bytes(name);
    const auto wrong = error_of(bytes, Secret("not the password"));
    CHECK(wrong.problem == KeystoreProblem::wrong_password);
    CHECK_THAT(wrong.message, ContainsSubstring("password"));
    CHECK(error_of(bytes.substr(0, bytes.size() - 1), password()).problem == KeystoreProblem::damaged);
  }
  const auto none = error_of(fixture_bytes("modern.p12"), Secret());
  CHECK(none.problem == KeystoreProblem::wrong_password);
  CHECK_THAT(none.message, ContainsSubstring("set keystore.password"));
}

TEST_CASE("without a MAC, the padding shows a wrong password for a PKCS#12") {
  if (!testing::have_tools()) {
    return;
  }
  const testing::TemporaryDirectory directory;
  testing::openssl({"pkcs12", "-export", "-nomac", "-inkey", fixture("leaf.key").string(), "-in",
                    fixture("leaf.pem").string(), "-out", (directory / "nomac.p12").string(), "-passout",
                    "pass:changeit", "-name", "n"});
  const std::string bytes = testing::read_file(directory / "nomac.p12");
  check_entry(open_or_fail(bytes, password()), "n");
  CHECK(error_of(bytes, Secret("wrong")).problem == KeystoreProblem::wrong_password);
  CHECK(error_of(bytes, Secret()).problem == KeystoreProblem::wrong_password);
}

TEST_CASE("if only the key of a PKCS#12 is encrypted, a wrong password is reported for the key") {
  if (!testing::have_tools()) {
    return;
  }
  const testing::TemporaryDirectory directory;
  const std::string path = (directory / "key.p12").string();
  testing::openssl({"pkcs12", "-export", "-inkey", fixture("leaf.key").string(), "-in", fixture("leaf.pem").string(),
                    "-out", path, "-passout", "pass:changeit", "-certpbe", "NONE", "-nomac"});
  const auto error = error_of(testing::read_file(path), Secret("wrong"));
  CHECK(error.problem == KeystoreProblem::wrong_password);
  CHECK_THAT(error.message, ContainsSubstring("the key"));
}

TEST_CASE("a PKCS#12 that needs hours of key derivation is refused at once") {
  if (!testing::have_tools()) {
    return;
  }
  const testing::TemporaryDirectory directory;
  testing::openssl({"pkcs12", "-export", "-inkey", fixture("leaf.key").string(), "-in", fixture("leaf.pem").string(),
                    "-out", (directory / "slow.p12").string(), "-passout", "pass:changeit", "-iter", "300000"});
  std::string bytes = testing::read_file(directory / "slow.p12");
  check_entry(open_or_fail(bytes, password()), "");
  // 300000 as a DER integer is 02 03 04 93 E0; 0x7F93E0 are eight millions.
  const std::string count("\x02\x03\x04\x93\xE0", 5);
  std::size_t found = 0;
  for (auto i = bytes.find(count); i != std::string::npos; i = bytes.find(count, i + 1)) {
    bytes[i + 2] = '\x7F';
    ++found;
  }
  REQUIRE(found >= 2);
  const auto error = error_of(bytes, password());
  CHECK(error.problem == KeystoreProblem::damaged);
  CHECK_THAT(error.message, ContainsSubstring("too many rounds"));
}

}  // namespace
}  // namespace renewd::certificate
