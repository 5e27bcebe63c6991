// Password-based decryption for PKCS#12 and for encrypted keys in PEM. Private to this folder.
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
// Not the global context, which TLS uses and which must not offer such algorithms.
class LegacyContext {
 public:
  // Fails if the legacy provider is not installed.
  static Parsed<LegacyContext> load();
  OSSL_LIB_CTX* get() const { return context_.get(); }

 private:
  LegacyContext() = default;

  // In this order: the providers are unloaded before the context is freed.
  std::unique_ptr<OSSL_LIB_CTX, Free<OSSL_LIB_CTX_free>> context_;
  std::unique_ptr<OSSL_PROVIDER, Free<OSSL_PROVIDER_unload>> default_;
  std::unique_ptr<OSSL_PROVIDER, Free<OSSL_PROVIDER_unload>> legacy_;
};

// Whether the error queue, which stays unchanged, starts with an algorithm that no loaded provider has.
bool unsupported_algorithm();

// For a failed call that should have decrypted `what`: an unsupported algorithm, else a wrong password.
tl::unexpected<KeystoreError> decryption_failure(const Secret& password, std::string_view what);

// Limits the total cost of key derivations while one file is opened, failed attempts included, since the file
// determines their number and rounds. Call take() before each.
//
// Two million rounds allow three derivations (MAC, certificates, key) of 600,000, the highest recommendation. OpenSSL
// uses 2,048 rounds, the JDK 10,000 (100,000 before 2021). A slow processor computes a million in a second.
class DerivationBudget {
 public:
  // For decrypting with `algorithm`. Errors: an unsupported derivation or parameter (unknown_format; for example
  // scrypt, whose memory the file determines), too many rounds (damaged). `what` is for messages.
  Parsed<void> take(const X509_ALGOR& algorithm, std::string_view what);
  // Whether the JDK supports all algorithms so far: it has only AES and the old schemes of PKCS#12.
  bool jdk_decrypts() const { return jdk_decrypts_; }
  // For verifying the MAC, which must exist.
  Parsed<void> take_mac(const PKCS12& pkcs12);

 private:
  Parsed<void> take(const ASN1_INTEGER* rounds, int blocks, const ASN1_OCTET_STRING* salt, std::string_view what);

  std::int64_t left_ = 2'000'000;
  bool jdk_decrypts_ = true;
};

}  // namespace renewd::certificate
