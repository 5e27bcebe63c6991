#include "certificate/key_policy.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>

#include "certificate/formats.hpp"
#include "certificate/openssl.hpp"
#include "core/text.hpp"

namespace renewd::certificate {
namespace {

using BigNumberPtr = std::unique_ptr<BIGNUM, Free<BN_clear_free>>;

constexpr int kSmallestRsa = 2048;
constexpr int kLargestRsa = 8192;
// FIPS 186-5, A.1.1: odd, and between 2^16 and 2^256. Small exponents have allowed forged signatures.
constexpr int kSmallestExponentBits = 17;
constexpr int kLargestExponentBits = 256;
// OpenSSL's limit for a modulus of more than 3072 bits.
constexpr int kLargeModulusBits = 3072;
constexpr int kLargestExponentBitsOfLargeModulus = 64;
// RSA of 16384 bits has 9.5 KiB: larger than what the gate accepts, so that existing keystores stay readable.
constexpr long kKeySizeLimit = 16L * 1024;

std::string name_of(const ASN1_OBJECT* object) {
  std::array<char, 80> text{};
  OBJ_obj2txt(text.data(), static_cast<int>(text.size()), object, 0);
  return printable(text.data());
}

std::string not_accepted(const std::string& what) {
  return what +
         "; accepted are RSA and RSA-PSS of 2048 to 8192 bits, EC keys on P-256, P-384 and P-521 as named curves, "
         "Ed25519 and Ed448";
}

std::optional<std::string> objection_to_curve(const X509_ALGOR& algorithm) {
  if (algorithm.parameter == nullptr || algorithm.parameter->type != V_ASN1_OBJECT) {
    return not_accepted("an EC key with explicit parameters instead of a named curve");
  }
  constexpr std::array kCurves{NID_X9_62_prime256v1, NID_secp384r1, NID_secp521r1};
  const ASN1_OBJECT* curve = algorithm.parameter->value.object;
  if (std::find(kCurves.begin(), kCurves.end(), OBJ_obj2nid(curve)) == kCurves.end()) {
    return not_accepted(fmt::format("an EC key on {}", name_of(curve)));
  }
  return std::nullopt;
}

std::optional<std::string> objection_to(const X509_ALGOR& algorithm) {
  switch (OBJ_obj2nid(algorithm.algorithm)) {
    case NID_rsaEncryption:
    case NID_rsassaPss:
    case NID_ED25519:
    case NID_ED448:
      return std::nullopt;
    case NID_X9_62_id_ecPublicKey:
      return objection_to_curve(algorithm);
    default:
      return not_accepted(fmt::format("a key of type {}", name_of(algorithm.algorithm)));
  }
}

// A number of the key; null if its type has no number of that name.
BigNumberPtr number_of(const EVP_PKEY* key, const char* name) {
  BIGNUM* number = nullptr;
  (void)EVP_PKEY_get_bn_param(key, name, &number);
  return BigNumberPtr(number);
}

bool is_rsa(const EVP_PKEY* key) {
  const int type = EVP_PKEY_get_base_id(key);
  return type == EVP_PKEY_RSA || type == EVP_PKEY_RSA_PSS;
}

std::optional<std::string> objection_to_rsa(const EVP_PKEY* key) {
  const int bits = EVP_PKEY_get_bits(key);
  if (bits < kSmallestRsa || bits > kLargestRsa) {
    return not_accepted(fmt::format("an RSA key of {} bits", bits));
  }
  const int largest = bits > kLargeModulusBits ? kLargestExponentBitsOfLargeModulus : kLargestExponentBits;
  const BigNumberPtr exponent = number_of(key, OSSL_PKEY_PARAM_RSA_E);
  if (!exponent || BN_is_odd(exponent.get()) == 0 || BN_num_bits(exponent.get()) < kSmallestExponentBits ||
      BN_num_bits(exponent.get()) > largest) {
    return fmt::format("an RSA key of {} bits whose public exponent is not an odd number between 2^16 and 2^{}", bits,
                       largest);
  }
  return std::nullopt;
}

std::string too_large(long size) {
  return not_accepted(fmt::format("a private key of {} bytes", size));
}

std::optional<ReadKey> read_key(EVP_PKEY* parsed) {
  return parsed != nullptr ? std::optional(ReadKey{PrivateKey(parsed), {}}) : std::nullopt;
}

}  // namespace

std::optional<ReadKey> parse_key(const PKCS8_PRIV_KEY_INFO& pkcs8) {
  const X509_ALGOR* algorithm = nullptr;
  const unsigned char* bytes = nullptr;  // needed to get the size
  int size = 0;
  if (PKCS8_pkey_get0(nullptr, &bytes, &size, &algorithm, &pkcs8) != 1) {
    return std::nullopt;
  }
  if (auto objection = objection_to(*algorithm)) {
    return ReadKey{std::nullopt, std::move(*objection)};
  }
  return size > kKeySizeLimit ? ReadKey{std::nullopt, too_large(size)} : read_key(EVP_PKCS82PKEY(&pkcs8));
}

std::optional<ReadKey> parse_key(int type, std::string_view der) {
  const long size = static_cast<long>(der.size());
  const unsigned char* position = as_bytes(der);
  return size > kKeySizeLimit ? ReadKey{std::nullopt, too_large(size)}
                              : read_key(d2i_PrivateKey(type, nullptr, &position, size));
}

std::optional<std::string> objection_to_key(const Certificate& certificate) {
  X509_ALGOR* algorithm = nullptr;  // borrowed, as the key below
  if (X509_PUBKEY_get0_param(nullptr, nullptr, nullptr, &algorithm, X509_get_X509_PUBKEY(certificate.get())) != 1) {
    return "a public key that cannot be parsed";
  }
  if (auto objection = objection_to(*algorithm)) {
    return objection;
  }
  const EVP_PKEY* key = X509_get0_pubkey(certificate.get());
  if (key == nullptr) {
    ERR_clear_error();
    return "a public key that cannot be parsed";
  }
  auto objection = is_rsa(key) ? objection_to_rsa(key) : std::nullopt;
  ERR_clear_error();
  return objection;
}

std::optional<std::string> objection_to_key(const PrivateKey& key) {
  const int bits = EVP_PKEY_get_bits(key.get());
  const bool many_primes = is_rsa(key.get()) && number_of(key.get(), OSSL_PKEY_PARAM_RSA_FACTOR3) != nullptr;
  constexpr std::array kPrivateNumbers{OSSL_PKEY_PARAM_PRIV_KEY,        OSSL_PKEY_PARAM_RSA_D,
                                       OSSL_PKEY_PARAM_RSA_FACTOR1,     OSSL_PKEY_PARAM_RSA_FACTOR2,
                                       OSSL_PKEY_PARAM_RSA_EXPONENT1,   OSSL_PKEY_PARAM_RSA_EXPONENT2,
                                       OSSL_PKEY_PARAM_RSA_COEFFICIENT1};
  const bool too_large = std::any_of(kPrivateNumbers.begin(), kPrivateNumbers.end(), [&](const char* name) {
    const BigNumberPtr number = number_of(key.get(), name);
    return number && BN_num_bits(number.get()) > bits;
  });
  ERR_clear_error();
  if (many_primes) {
    return "an RSA key of more than two primes";
  }
  if (too_large) {
    return fmt::format("a private key with numbers larger than its {} bits", bits);
  }
  return std::nullopt;
}

}  // namespace renewd::certificate
