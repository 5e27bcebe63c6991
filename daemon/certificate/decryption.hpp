// Password-based decryption, as PKCS#12 and encrypted PKCS#8 keys share it. Private to this folder.
#pragma once

#include <string>

#include <openssl/crypto.h>
#include <openssl/provider.h>
#include <openssl/x509.h>

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

// Whether the key derivation of `algorithm` asks for no more rounds than the JDK does (5,000,000): a damaged or hostile
// count would keep the daemon busy for hours. Parameters that cannot be parsed pass; decrypting with them fails.
bool affordable(const X509_ALGOR& algorithm);
bool affordable(const ASN1_INTEGER* iterations);

}  // namespace renewd::certificate
