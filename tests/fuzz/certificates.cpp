#include "certificates.hpp"

#include <array>

#include <openssl/x509v3.h>

#include "certificate/openssl.hpp"
#include "input.hpp"

namespace renewd::fuzz {
namespace {

constexpr std::time_t kBegin = 1'700'000'000;
constexpr std::time_t kYear = std::time_t{365} * 24 * 3600;

Issued issue(int serial, const std::string& name, unsigned char key_seed, const Issued* issuer) {
  certificate::X509Ptr x509(X509_new());
  X509_set_version(x509.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(x509.get()), serial);
  X509_NAME_add_entry_by_NID(X509_get_subject_name(x509.get()), NID_commonName, MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.data()), static_cast<int>(name.size()), -1, 0);
  X509_set_issuer_name(x509.get(), X509_get_subject_name(issuer == nullptr ? x509.get() : issuer->certificate.get()));
  ASN1_TIME_set(X509_getm_notBefore(x509.get()), kBegin);
  ASN1_TIME_set(X509_getm_notAfter(x509.get()), kBegin + serial * kYear);
  const certificate::PrivateKey key = key_number(key_seed);
  X509_set_pubkey(x509.get(), key.get());
  expect(X509_sign(x509.get(), issuer == nullptr ? key.get() : issuer->key.get(), nullptr) > 0);
  return {certificate::Certificate(x509.release()), key};
}

}  // namespace

certificate::PrivateKey key_number(unsigned char number) {
  std::array<unsigned char, 32> bytes{};
  bytes.fill(number);
  EVP_PKEY* key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes.data(), bytes.size());
  expect(key != nullptr);
  return certificate::PrivateKey(key);
}

const std::vector<Issued>& issued_certificates() {
  static const std::vector<Issued> issued = [] {
    const std::string account = "7b6f41d3-7118-41e9-af41-d3711801e973";
    const Issued root = issue(1, "root", 0, nullptr);
    const Issued intermediate = issue(2, "intermediate", 1, &root);
    return std::vector<Issued>{root,
                               intermediate,
                               issue(3, account, 2, &intermediate),
                               issue(4, account, 3, &intermediate),
                               issue(5, account, 2, &intermediate),
                               issue(6, account, 3, &intermediate),
                               issue(7, account, 4, &intermediate),
                               issue(8, account, 4, nullptr)};
  }();
  return issued;
}

}  // namespace renewd::fuzz
