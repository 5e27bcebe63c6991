#include <openssl/evp.h>

#include "bags.hpp"
#include "certificate/keystore.hpp"
#include "fixtures.hpp"
#include "support/catch.hpp"

namespace renewd::certificate {
namespace {

using testing::error_of;
using testing::fixture_bytes;
using testing::kAccount;
using testing::open_or_fail;
using testing::password;
using testing::utf16;

std::string number(std::size_t value, std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = size; i > 0; --i) {
    bytes[i - 1] = static_cast<char>(value & 0xFFU);
    value >>= 8U;
  }
  return bytes;
}

std::string text(const std::string& word) {
  return number(word.size(), 2) + word;
}

std::string header(std::size_t version, std::size_t count) {
  return "\xFE\xED\xFE\xED" + number(version, 4) + number(count, 4);
}

std::string certificate_bytes(std::size_t version, const std::string& der) {
  return (version == 2 ? text("X.509") : "") + number(der.size(), 4) + der;
}

std::string trusted_entry(std::size_t version, const std::string& alias, const std::string& der) {
  return number(2, 4) + text(alias) + number(0, 8) + certificate_bytes(version, der);
}

std::string key_entry(const std::string& alias, const std::vector<std::string>& chain) {
  std::string bytes = number(1, 4) + text(alias) + number(0, 8) + number(3, 4) + "key" + number(chain.size(), 4);
  for (const auto& der : chain) {
    bytes += certificate_bytes(2, der);
  }
  return bytes;
}

// As the JDK seals it; `password` in UTF-16.
std::string sealed(const std::string& data, const std::string& utf16_password) {
  const std::string all = utf16_password + "Mighty Aphrodite" + data;
  std::string digest(20, '\0');
  REQUIRE(EVP_Digest(all.data(), all.size(), reinterpret_cast<unsigned char*>(digest.data()), nullptr, EVP_sha1(),
                     nullptr) == 1);
  return data + digest;
}

TEST_CASE("reads the certificate of keytool's JKS keystore, but not its key") {
  if (!testing::have_tools()) {
    return;
  }
  const std::string bytes = fixture_bytes("store.jks");
  for (const Secret& secret : {password(), Secret()}) {
    const auto keystore = open_or_fail(bytes, secret);
    CHECK(keystore.format == Format::jks);
    CHECK(keystore.alias == "cockpit-client");
    CHECK(keystore.certificate.common_name() == kAccount);
    CHECK(keystore.has_key_entry);
    CHECK_FALSE(keystore.key.has_value());
  }
  const auto wrong = error_of(bytes, Secret("wrong"));
  CHECK(wrong.problem == KeystoreProblem::wrong_password);
  CHECK(error_of(bytes.substr(0, bytes.size() - 30), password()).problem == KeystoreProblem::damaged);
  CHECK(error_of(bytes.substr(0, bytes.size() - 1), password()).problem == KeystoreProblem::damaged);
}

TEST_CASE("reads both versions of JKS, several entries and chains") {
  if (!testing::have_tools()) {
    return;
  }
  const std::string leaf = fixture_bytes("leaf.der");
  const auto der = [](const std::string& name) {
    return testing::openssl({"x509", "-in", testing::fixture(name).string(), "-outform", "DER"});
  };
  const std::string root = der("root.pem");
  const std::string intermediate = der("intermediate.pem");

  const auto old = open_or_fail(sealed(header(1, 1) + trusted_entry(1, "old", leaf), utf16("changeit")), password());
  CHECK(old.alias == "old");
  CHECK(old.certificate.common_name() == kAccount);
  CHECK_FALSE(old.has_key_entry);

  const auto several =
      open_or_fail(sealed(header(2, 3) + trusted_entry(2, "ca", root) + key_entry("other", {intermediate}) +
                              key_entry("Cockpit-Client", {leaf, intermediate, root}),
                          utf16("changeit")),
                   password());
  CHECK(several.alias == "Cockpit-Client");
  CHECK(several.certificate.common_name() == kAccount);
  REQUIRE(several.chain.size() == 2);
  CHECK(several.chain[0].common_name() == "Test Intermediate");
  CHECK(several.has_key_entry);

  // Whoever puts the issuer first has a gateway that shows it to the server; what ends is the certificate below it.
  const auto reversed = open_or_fail(
      sealed(header(2, 1) + key_entry("gateway", {intermediate, leaf, root}), utf16("changeit")), password());
  CHECK(reversed.certificate.common_name() == kAccount);
  CHECK(reversed.ambiguous);
  CHECK_FALSE(several.ambiguous);

  // U+00E4 and U+1F511: one unit of UTF-16 and two.
  const std::string foreign =
      sealed(header(1, 1) + trusted_entry(1, "x", leaf), std::string("\0\xE4\xD8\x3D\xDD\x11", 6));
  CHECK(open_or_fail(foreign, Secret("ä🔑")).alias == "x");
}

TEST_CASE("a JKS keystore with wrong counts or lengths is reported as damaged") {
  const std::string huge = number(0xFFFFFFFF, 4);
  const std::string key_start = number(1, 4) + text("a") + number(0, 8);
  for (const std::string& data :
       {header(2, 0xFFFFFFFF), header(2, 0x7FFFFFFF) + number(2, 4), header(3, 0), header(2, 1) + number(9, 4),
        header(2, 1) + number(1, 4) + number(0xFFFF, 2), header(2, 1) + key_start + huge,
        header(2, 1) + key_start + number(0, 4) + huge,
        header(2, 1) + key_start + number(0, 4) + number(1, 4) + text("X.509") + huge,
        header(2, 1) + key_start + number(0, 4) + number(400, 4) + text("X.509") + number(0, 4),
        header(2, 1) + key_start + number(0, 4) + number(1, 4) + text("PGP") + number(0, 4)}) {
    CHECK(error_of(sealed(data, utf16("changeit")), password()).problem == KeystoreProblem::damaged);
  }
  CHECK(error_of(sealed(header(2, 0), utf16("changeit")), password()).problem == KeystoreProblem::no_certificate);
  // Keys without certificates, by the hundred thousand, cost nothing.
  std::string many = header(2, 50000);
  for (int i = 0; i < 50000; ++i) {
    many += key_start + number(0, 4) + number(0, 4);
  }
  CHECK(error_of(sealed(many, utf16("changeit")), password()).problem == KeystoreProblem::no_certificate);
}

TEST_CASE("a JCEKS keystore is refused with its name") {
  const auto error = error_of(std::string("\xCE\xCE\xCE\xCE\0\0\0\2", 8), password());
  CHECK(error.problem == KeystoreProblem::unknown_format);
  CHECK_THAT(error.message, ContainsSubstring("JCEKS"));
}

}  // namespace
}  // namespace renewd::certificate
