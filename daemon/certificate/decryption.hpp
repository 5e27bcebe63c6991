// Password-based decryption, as PKCS#12 and encrypted PKCS#8 keys share it. Private to this folder.
#pragma once

#include <cstdint>
#include <string_view>

#include <openssl/crypto.h>
#include <openssl/provider.h>
#include <openssl/x509.h>

#include "certificate/formats.hpp"
#include "certificate/openssl.hpp"

namespace renewd::certificate {

using Pkcs8Ptr = std::unique_ptr<PKCS8_PRIV_KEY_INFO, Free<PKCS8_PRIV_KEY_INFO_free>>;
using X509SigPtr = std::unique_ptr<X509_SIG, Free<X509_SIG_free>>;

// A library context with OpenSSL's default and legacy providers (RC2-40, single DES), loaded while this object lives.
// Never the global context: TLS uses that one and must not get such algorithms.
class LegacyContext {
 public:
  LegacyContext();
  bool loaded() const { return legacy_ != nullptr; }
  OSSL_LIB_CTX* get() const { return context_.get(); }

 private:
  // Declared in this order: providers are unloaded before their context goes.
  std::unique_ptr<OSSL_LIB_CTX, Free<OSSL_LIB_CTX_free>> context_;
  std::unique_ptr<OSSL_PROVIDER, Free<OSSL_PROVIDER_unload>> default_;
  std::unique_ptr<OSSL_PROVIDER, Free<OSSL_PROVIDER_unload>> legacy_;
};

// For when loaded() is false: what to do.
inline constexpr std::string_view kLegacyMissing =
    "encrypted with an algorithm of old JDKs, and OpenSSL's legacy provider that reads it is not installed (legacy.so; "
    "package openssl-provider-legacy on newer Debian, openssl-libs on RHEL)";

// Whether the error queue, which is left as it is, starts with an algorithm that no loaded provider has.
bool unsupported_algorithm();

// What the key derivations of one opening may cost in all, tries that fail included: the file says how many rounds each
// takes, and how many there are. Take from it before each.
//
// Two million rounds: three derivations (MAC, certificates, key) of 600,000, the most that anybody recommends, pass;
// OpenSSL makes 2,048 rounds and the JDK 10,000 (100,000 before 2021). A slow processor computes a million in a second.
class DerivationBudget {
 public:
  // For decrypting with `algorithm`. Errors: a derivation or numbers in it that are not on the list (unknown_format:
  // scrypt, for one, which takes as much memory as the file says), too many rounds (damaged). `what` is for messages.
  Parsed<void> take(const X509_ALGOR& algorithm, std::string_view what);
  // Whether the JDK decrypts, too, what was taken for so far: of OpenSSL's ciphers it has AES alone, besides the old
  // schemes of PKCS#12.
  bool jdk_decrypts() const { return jdk_decrypts_; }
  // For verifying the MAC, which must be there.
  Parsed<void> take_mac(const PKCS12& pkcs12);

 private:
  Parsed<void> take(const ASN1_INTEGER* rounds, int blocks, const ASN1_OCTET_STRING* salt, std::string_view what);

  std::int64_t left_ = 2'000'000;
  bool jdk_decrypts_ = true;
};

}  // namespace renewd::certificate
