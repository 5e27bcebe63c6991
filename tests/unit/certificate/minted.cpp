#include "minted.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

#include <openssl/x509v3.h>

#include "certificate/openssl.hpp"

namespace renewd::testing {
namespace {

void require(bool done, const char* what) {
  if (!done) {
    throw std::runtime_error(std::string(what) + ": " + certificate::drain_errors());
  }
}

void set_name(X509_NAME* name, const std::string& common_name) {
  require(X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
                                     reinterpret_cast<const unsigned char*>(common_name.data()),
                                     static_cast<int>(common_name.size()), -1, 0) == 1,
          "setting a name");
}

void set_time(ASN1_TIME* field, std::chrono::sys_seconds time) {
  require(ASN1_TIME_set(field, time.time_since_epoch().count()) != nullptr, "setting a date");
}

certificate::PrivateKey key_for(const Wanted& wanted) {
  if (wanted.subject_key != nullptr) {
    return wanted.subject_key->key;
  }
  if (wanted.seed.empty()) {
    return certificate::PrivateKey(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", wanted.curve.c_str()));
  }
  std::array<unsigned char, 32> bytes{};
  std::copy_n(wanted.seed.begin(), std::min(wanted.seed.size(), bytes.size()), bytes.begin());
  EVP_PKEY* key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes.data(), bytes.size());
  require(key != nullptr, "making a key");
  return certificate::PrivateKey(key);
}

}  // namespace

Minted mint(const Wanted& wanted) {
  static long serial = 0x1000;
  certificate::PrivateKey key = key_for(wanted);
  certificate::X509Ptr x509(X509_new());
  require(x509 && X509_set_version(x509.get(), X509_VERSION_3) == 1, "making a certificate");
  ASN1_INTEGER_set(X509_get_serialNumber(x509.get()), wanted.serial != 0 ? wanted.serial : ++serial);
  set_name(X509_get_subject_name(x509.get()), wanted.common_name);
  const X509_NAME* issuer_name = wanted.issuer != nullptr ? X509_get_subject_name(wanted.issuer->certificate.get())
                                                          : X509_get_subject_name(x509.get());
  X509_set_issuer_name(x509.get(), issuer_name);
  set_time(X509_getm_notBefore(x509.get()), wanted.not_before);
  set_time(X509_getm_notAfter(x509.get()), wanted.not_after);
  X509_set_pubkey(x509.get(), key.get());
  if (wanted.authority) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, NID_basic_constraints, "critical,CA:TRUE");
    X509_add_ext(x509.get(), extension, -1);
    X509_EXTENSION_free(extension);
  }
  EVP_PKEY* signer = wanted.issuer != nullptr ? wanted.issuer->key.get() : key.get();
  require(X509_sign(x509.get(), signer, EVP_PKEY_get_id(signer) == EVP_PKEY_ED25519 ? nullptr : EVP_sha256()) > 0,
          "signing a certificate");
  return {certificate::Certificate(x509.release()), std::move(key)};
}

certificate::Keystore keystore_of(const Minted& minted, std::vector<certificate::Certificate> chain) {
  return {.format = certificate::Format::pkcs12,
          .alias = "cockpit-client",
          .certificate = minted.certificate,
          .chain = std::move(chain),
          .key = minted.key,
          .has_key_entry = true};
}

}  // namespace renewd::testing
