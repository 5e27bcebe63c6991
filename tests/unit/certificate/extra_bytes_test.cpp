#include "bags.hpp"
#include "certificate/keystore.hpp"
#include "fixtures.hpp"
#include "support/catch.hpp"
#include "support/command.hpp"
#include "support/temporary_directory.hpp"

namespace renewd::certificate {
namespace {

using testing::error_of;
using testing::fixture_bytes;
using testing::kAccount;
using testing::open_or_fail;
using testing::password;

// What editors, transfers and tapes leave behind a file's end.
std::vector<std::string> tails(const std::string& file) {
  return {"\n", "\r\n", std::string(512, '\0'), "garbage", "\x30\x82\xFF\xFF", file};
}

TEST_CASE("bytes after a keystore are counted and ignored, as by the JDK and OpenSSL") {
  if (!testing::have_tools()) {
    return;
  }
  std::vector<std::string> for_java;
  for (const std::string name : {"modern.p12", "old.p12", "chain.p12", "store.jks", "leaf.der", "bundle.p7b"}) {
    const std::string bytes = fixture_bytes(name);
    CHECK(open_or_fail(bytes, password()).extra_bytes == 0);
    for (const std::string& tail : tails(bytes)) {
      CAPTURE(name, tail.size());
      const auto keystore = open_or_fail(bytes + tail, password());
      CHECK(keystore.extra_bytes == tail.size());
      CHECK(keystore.certificate.common_name() == kAccount);
      CHECK(keystore.alias == open_or_fail(bytes, password()).alias);
      if (name.ends_with(".p12") || name.ends_with(".jks")) {
        for_java.push_back(bytes + tail);
        CHECK(error_of(bytes + tail, Secret("wrong")).problem == KeystoreProblem::wrong_password);
      }
    }
  }
  for (const auto& view : testing::seen_by_jdk(for_java)) {
    CHECK_THAT(view.used, StartsWith("cockpit-client="));
  }
}

TEST_CASE("text and zeros around PEM are ignored") {
  if (!testing::have_tools()) {
    return;
  }
  const std::string pem = fixture_bytes("leaf.key") + fixture_bytes("leaf.pem");
  for (const std::string& tail : tails("tail")) {
    CHECK(open_or_fail(pem + tail, Secret()).certificate.common_name() == kAccount);
  }
  for (const std::string head : {"\n\n", "\r\n", "Bag Attributes\n", "\xEF\xBB\xBF", "\xEF\xBB\xBF\n# comment\n"}) {
    CHECK(open_or_fail(head + pem, Secret()).certificate.common_name() == kAccount);
  }
}

// DER as BER in the indefinite form, in which older tools stream: each constructed part ends with two zeros, and long
// octet strings come in pieces.
std::string indefinite(std::string_view der) {
  const std::string end(2, '\0');
  std::string ber;
  while (!der.empty()) {
    const auto tag = static_cast<unsigned char>(der[0]);
    const auto first = static_cast<unsigned char>(der[1]);
    const std::size_t more = first > 0x80 ? first - 0x80U : 0;
    std::size_t size = more == 0 ? first : 0;
    for (std::size_t i = 0; i < more; ++i) {
      size = size << 8U | static_cast<unsigned char>(der[2 + i]);
    }
    const std::string_view content = der.substr(2 + more, size);
    constexpr std::size_t kPiece = 100;
    if ((tag & 0x20U) != 0) {
      ber += std::string{der[0], '\x80'} + indefinite(content) + end;
    } else if (tag == 0x04 && size > kPiece) {
      ber += "\x24\x80";
      for (std::size_t i = 0; i < size; i += kPiece) {
        const auto piece = content.substr(i, kPiece);
        ber += std::string{'\x04', static_cast<char>(piece.size())} + std::string(piece);
      }
      ber += end;
    } else {
      ber += der.substr(0, 2 + more + size);
    }
    der.remove_prefix(2 + more + size);
  }
  return ber;
}

TEST_CASE("a PKCS#12 in BER of indefinite length opens, as it does in a JDK") {
  if (!testing::have_tools()) {
    return;
  }
  std::vector<std::string> for_java;
  for (const std::string name : {"modern.p12", "old.p12", "chain.p12"}) {
    const std::string bytes = indefinite(fixture_bytes(name));
    CHECK(bytes.substr(0, 2) == "\x30\x80");
    CHECK(open_or_fail(bytes, password()).alias == "cockpit-client");
    CHECK(open_or_fail(bytes + "\n", password()).extra_bytes == 1);
    CHECK(error_of(bytes.substr(0, bytes.size() - 1), password()).problem == KeystoreProblem::damaged);
    for_java.push_back(bytes);
  }
  for (const auto& view : testing::seen_by_jdk(for_java)) {
    CHECK_THAT(view.used, StartsWith("cockpit-client="));
  }
}

}  // namespace
}  // namespace renewd::certificate
