#include "certificate/certificate.hpp"

#include <openssl/err.h>

#include "certificate/openssl.hpp"
#include "core/text.hpp"
#include "fixtures.hpp"
#include "minted.hpp"
#include "support/catch.hpp"

namespace renewd::certificate {
namespace {

using std::chrono::sys_days;
using std::chrono::year;
using testing::fixture;
using testing::fixture_bytes;
using testing::mint;

const std::chrono::sys_seconds kStart = sys_days(year(2026) / 1 / 2);
const std::chrono::sys_seconds kEnd = sys_days(year(2027) / 1 / 2);

TEST_CASE("shows the same fields as openssl") {
  if (!testing::have_tools()) {
    return;
  }
  const Certificate leaf = testing::open_or_fail(fixture_bytes("leaf.pem"), Secret()).certificate;
  const auto ask = [](const std::string& option) {
    return testing::openssl({"x509", "-in", fixture("leaf.pem").string(), "-noout", option, "-nameopt", "RFC2253"});
  };
  CHECK("subject=" + leaf.subject() + "\n" == ask("-subject"));
  CHECK("issuer=" + leaf.issuer() + "\n" == ask("-issuer"));
  CHECK("serial=" + leaf.serial() + "\n" == ask("-serial"));
  std::string fingerprint =
      testing::openssl({"x509", "-in", fixture("leaf.pem").string(), "-noout", "-fingerprint", "-sha256"});
  std::erase(fingerprint, ':');
  CHECK_THAT(fingerprint, ContainsSubstring("=" + leaf.fingerprint_sha256() + "\n"));
  CHECK(leaf.common_name() == testing::kAccount);
  CHECK(leaf.key_type() == "RSA 2048");
  CHECK(leaf.security_bits() == 112);
}

TEST_CASE("dates are UTC and to the second") {
  const auto minted = mint({.common_name = "a", .not_before = kStart, .not_after = kEnd});
  CHECK(minted.certificate.not_before() == kStart);
  CHECK(minted.certificate.not_after() == kEnd);
}

TEST_CASE("limits a date beyond the system clock, so that comparing it is safe") {
  const auto minted = mint(
      {.common_name = "a", .not_before = sys_days(year(1000) / 1 / 1), .not_after = sys_days(year(9999) / 12 / 31)});
  CHECK_THAT(format_time(minted.certificate.not_after()), ContainsSubstring("2262-04-11"));
  CHECK_THAT(format_time(minted.certificate.not_before()), ContainsSubstring("1970-01-01"));
}

TEST_CASE("escapes names for the terminal, and has the raw name for comparisons") {
  const std::string name = "a\x1b[31m\nb é";
  const auto minted = mint({.common_name = name, .not_before = kStart, .not_after = kEnd});
  CHECK(minted.certificate.common_name() == name);
  CHECK(minted.certificate.subject().find('\x1b') == std::string::npos);
  CHECK(minted.certificate.subject().find('\n') == std::string::npos);
  CHECK_THAT(minted.certificate.subject(), ContainsSubstring("é"));
}

TEST_CASE("key types are named and comparable") {
  const auto p256 = mint({.common_name = "a", .not_before = kStart, .not_after = kEnd});
  const auto p384 = mint({.common_name = "a", .not_before = kStart, .not_after = kEnd, .curve = "P-384"});
  CHECK(p256.certificate.key_type() == "EC prime256v1");
  CHECK(p384.certificate.key_type() == "EC secp384r1");
  CHECK(p256.certificate.security_bits() < p384.certificate.security_bits());
}

TEST_CASE("recognises the key of a certificate") {
  const auto one = mint({.common_name = "a", .not_before = kStart, .not_after = kEnd});
  const auto other = mint({.common_name = "a", .not_before = kStart, .not_after = kEnd});
  CHECK(one.certificate.belongs_to(one.key));
  CHECK_FALSE(one.certificate.belongs_to(other.key));
  CHECK(one.certificate.same_public_key(one.certificate));
  CHECK_FALSE(one.certificate.same_public_key(other.certificate));
  CHECK(ERR_peek_error() == 0);
}

TEST_CASE("draining the error queue reports every entry and empties the queue") {
  ERR_clear_error();
  CHECK(drain_errors().empty());
  ERR_raise(ERR_LIB_X509, ERR_R_MALLOC_FAILURE);
  ERR_raise_data(ERR_LIB_X509, ERR_R_PASSED_NULL_PARAMETER, "from %s", "outside\x1b[2J");
  const std::string text = drain_errors();
  CHECK_THAT(text, ContainsSubstring("malloc failure; "));
  CHECK_THAT(text, ContainsSubstring("(from outside\\x1b[2J)"));
  CHECK(ERR_peek_error() == 0);
}

}  // namespace
}  // namespace renewd::certificate
