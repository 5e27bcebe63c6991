#include "fleet/cryptography.hpp"

#include <fmt/format.h>

#include "support/catch.hpp"

using namespace renewd;
using namespace renewd::fleet;

namespace {

std::string bytes(const std::string& digits) {
  std::string bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

std::string digits(std::string_view bytes) {
  std::string digits;
  for (const char byte : bytes) {
    digits += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  }
  return digits;
}

std::string counting(int first, int last) {
  std::string bytes;
  for (int byte = first; byte <= last; ++byte) {
    bytes += static_cast<char>(byte);
  }
  return bytes;
}

}  // namespace

TEST_CASE("HKDF-SHA256 is that of RFC 5869, appendix A.1 to A.3") {
  const std::string key(22, '\x0b');
  CHECK(digits(derive_key(key, counting(0, 12), counting(0xf0, 0xf9), 42).value().view()) ==
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
  CHECK(digits(derive_key(counting(0, 0x4f), counting(0x60, 0xaf), counting(0xb0, 0xff), 82).value().view()) ==
        "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
        "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87");
  CHECK(digits(derive_key(key, "", "", 42).value().view()) ==
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

TEST_CASE("AES-256-GCM is that of its specification, test case 16") {
  const Secret key(bytes("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"));
  const std::string nonce = bytes("cafebabefacedbaddecaf888");
  const std::string data = bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2");
  const Secret plaintext(
      bytes("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
            "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"));
  const std::string ciphertext = encrypt(key, nonce, data, plaintext).value();
  CHECK(digits(ciphertext) ==
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
        "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b");
  CHECK(decrypt(key, nonce, data, ciphertext).value() == plaintext);
  CHECK_FALSE(decrypt(key, nonce, data + "x", ciphertext));
  CHECK_FALSE(decrypt(Secret(std::string(32, 'k')), nonce, data, ciphertext));
}

TEST_CASE("an empty text is encrypted, too, and lengths that do not fit are refused") {
  const Secret key(std::string(32, 'k'));
  const std::string nonce(12, 'n');
  const std::string ciphertext = encrypt(key, nonce, "", Secret("")).value();
  CHECK(ciphertext.size() == kTagLength);
  CHECK(decrypt(key, nonce, "", ciphertext).value().empty());
  CHECK_FALSE(decrypt(key, nonce, "", ciphertext.substr(1)));
  CHECK_FALSE(decrypt(key, "short", "", ciphertext));
  CHECK_FALSE(encrypt(Secret("short"), nonce, "", Secret("x")));
}

TEST_CASE("random bytes differ") {
  CHECK(random_bytes(32).value().size() == 32);
  CHECK(random_bytes(32) != random_bytes(32));
}
