// The file formats a certificate may come in. Failures throw.
#pragma once

#include <string>
#include <vector>

#include "authority.hpp"

namespace renewd::simulator {

// All borrowed; `key` and `issuer` may be null.
struct Contents {
  X509* certificate;
  EVP_PKEY* key;
  X509* issuer;
};

inline constexpr const char* kAlias = "cockpit-client";

// What OpenSSL without a friendly name amounts to for a JVM.
inline constexpr const char* kOtherAlias = "1";
// AES-256 and SHA-256.
std::string pkcs12(const Contents& contents, const std::string& password, const char* alias = kAlias);
// Key and certificate in one file although they do not belong together, or (certificate null) a key alone.
std::string odd_pkcs12(const Contents& contents, const std::string& password);
// PKCS#8 key, certificate, issuer: what there is. An empty password leaves the key in the clear.
std::string pem(const Contents& contents, const std::string& password = {});
std::string der(X509* certificate);
std::string pkcs7(const Contents& contents);
// A JKS keystore (the JDK's sun.security.provider.JavaKeyStore, version 2) that trusts the certificate.
std::string jks(X509* certificate, const std::string& password);

// The public key of the first certificate or key of a PKCS#12 or PEM file.
EvpPkeyPtr public_key_of(const std::string& bytes, const std::string& password);

}  // namespace renewd::simulator
