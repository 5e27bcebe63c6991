#include <random>

#include <openssl/err.h>

#include "certificate/keystore.hpp"
#include "fixtures.hpp"
#include "support/catch.hpp"

namespace renewd::certificate {
namespace {

using testing::fixture;
using testing::fixture_bytes;
using testing::joined_fixtures;
using testing::password;

std::string encrypted_pem() {
  return testing::openssl({"pkey", "-in", fixture("leaf.key").string(), "-aes-256-cbc", "-passout", "pass:changeit"}) +
         joined_fixtures({"leaf.pem", "root.pem"});
}

// Opening must not crash (the sanitizers watch), must not leave errors behind, and must give a message.
bool opens(std::string_view bytes) {
  const auto opened = open_keystore(bytes, password());
  CHECK(ERR_peek_error() == 0);
  if (!opened) {
    CHECK_FALSE(opened.error().message.empty());
    return false;
  }
  // What it found can be used.
  CHECK_FALSE(opened->certificate.fingerprint_sha256().empty());
  (void)opened->certificate.subject();
  (void)opened->certificate.key_type();
  (void)opened->certificate.not_after();
  return true;
}

void truncate(const std::string& bytes, bool may_open) {
  for (std::size_t size = 0; size < bytes.size(); size += 7) {
    const bool opened = opens(std::string_view(bytes).substr(0, size));
    if (!may_open && opened) {
      FAIL("opens when cut after " << size << " bytes");
    }
  }
}

void mutate(const std::string& bytes, int rounds) {
  std::mt19937 random(20261123);
  for (int i = 0; i < rounds; ++i) {
    std::string changed = bytes;
    const std::size_t at = random() % changed.size();
    changed[at] = static_cast<char>(static_cast<unsigned>(changed[at]) ^ (1U + random() % 255U));
    CAPTURE(at, i);
    opens(changed);
  }
}

TEST_CASE("a binary keystore that is truncated anywhere does not open") {
  if (!testing::have_tools()) {
    return;
  }
  for (const std::string name :
       {"modern.p12", "old.p12", "chain.p12", "bare.p12", "trust.p12", "store.jks", "leaf.der", "bundle.p7b"}) {
    INFO(name);
    truncate(fixture_bytes(name), false);
  }
}

TEST_CASE("PEM that is truncated anywhere does no harm") {
  if (!testing::have_tools()) {
    return;
  }
  truncate(encrypted_pem(), true);
  truncate(fixture_bytes("bundle-pem.p7b"), true);
}

TEST_CASE("a changed byte anywhere in PKCS#12 does no harm") {
  if (!testing::have_tools()) {
    return;
  }
  // Few rounds: the key derivation before each MAC takes as long as it was made to take.
  mutate(fixture_bytes("modern.p12"), 60);
  mutate(fixture_bytes("openssl-legacy.p12"), 200);
  // Without a MAC the change reaches the parsers behind it.
  mutate(fixture_bytes("bare.p12"), 4000);
}

TEST_CASE("a changed byte anywhere in the other formats does no harm") {
  if (!testing::have_tools()) {
    return;
  }
  mutate(fixture_bytes("store.jks"), 3000);
  mutate(fixture_bytes("leaf.der"), 3000);
  mutate(fixture_bytes("bundle.p7b"), 3000);
  mutate(joined_fixtures({"leaf.key", "leaf.pem"}), 2000);
  mutate(encrypted_pem(), 500);
}

}  // namespace
}  // namespace renewd::certificate
