// An X.509 certificate and a private key as immutable values. Copies share the OpenSSL object.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "core/secret.hpp"

namespace renewd::certificate {

class PrivateKey {
 public:
  // Takes ownership; never null.
  explicit PrivateKey(EVP_PKEY* owned);

  // Borrowed: valid as long as this object or a copy of it lives.
  EVP_PKEY* get() const { return key_.get(); }

 private:
  std::shared_ptr<EVP_PKEY> key_;
};

class Certificate {
 public:
  // Takes ownership; never null.
  explicit Certificate(X509* owned);

  // Borrowed: valid as long as this object or a copy of it lives.
  X509* get() const { return x509_.get(); }

  // RFC 2253, made printable: "CN=…,OU=Cockpit,…".
  std::string subject() const;
  std::string issuer() const;
  // The subject's first CN, raw bytes; empty if there is none.
  std::string common_name() const;
  // Upper-case hexadecimal, as `openssl x509 -serial` prints it.
  std::string serial() const;
  // UTC. The epoch, which counts as expired, if OpenSSL cannot parse the date.
  std::chrono::sys_seconds not_before() const;
  std::chrono::sys_seconds not_after() const;
  // "RSA 4096", "EC prime256v1", "ED25519".
  std::string key_type() const;
  // The public key's bits of security (NIST SP 800-57), comparable between key types.
  int security_bits() const;
  // The same for the issuer's signature. Empty if OpenSSL does not know the algorithm's strength.
  std::optional<int> signature_bits() const;
  // "sha512WithRSAEncryption"
  std::string signature_type() const;
  // Upper-case hexadecimal without colons.
  std::string fingerprint_sha256() const;

  bool same_public_key(const Certificate& other) const;
  bool belongs_to(const PrivateKey& key) const;

 private:
  std::shared_ptr<X509> x509_;
};

}  // namespace renewd::certificate
