#include "faults/whole_keystore.hpp"

#include <array>
#include <stdexcept>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "certificate/openssl.hpp"

namespace renewd::testing {
namespace {

using certificate::BioPtr;
using certificate::EvpPkeyPtr;
using certificate::Pkcs12Ptr;
using certificate::X509Ptr;

struct KeyAndCertificate {
  EvpPkeyPtr key;
  X509Ptr certificate;
};

BioPtr reading(const std::string& bytes) {
  return BioPtr(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

KeyAndCertificate read_pem(const std::string& bytes, std::string password) {
  KeyAndCertificate read;
  read.key.reset(PEM_read_bio_PrivateKey(reading(bytes).get(), nullptr, nullptr, password.data()));
  read.certificate.reset(PEM_read_bio_X509(reading(bytes).get(), nullptr, nullptr, nullptr));
  return read;
}

KeyAndCertificate read_pkcs12(const std::string& bytes, const std::string& password) {
  const Pkcs12Ptr p12(d2i_PKCS12_bio(reading(bytes).get(), nullptr));
  EVP_PKEY* key = nullptr;
  X509* certificate = nullptr;
  if (p12) {
    PKCS12_parse(p12.get(), password.c_str(), &key, &certificate, nullptr);
  }
  return {EvpPkeyPtr(key), X509Ptr(certificate)};
}

}  // namespace

std::optional<std::string> certificate_of_whole(const std::string& bytes, const std::string& password) {
  const bool pem = bytes.find("-----BEGIN ") != std::string::npos;
  const KeyAndCertificate read = pem ? read_pem(bytes, password) : read_pkcs12(bytes, password);
  const bool whole =
      read.key && read.certificate && X509_check_private_key(read.certificate.get(), read.key.get()) == 1;
  ERR_clear_error();
  if (!whole) {
    return std::nullopt;
  }
  std::string der(static_cast<std::size_t>(i2d_X509(read.certificate.get(), nullptr)), '\0');
  auto* out = reinterpret_cast<unsigned char*>(der.data());
  i2d_X509(read.certificate.get(), &out);
  return der;
}

std::string sha256(const std::string& bytes) {
  std::array<unsigned char, 32> digest{};
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1) {
    throw std::runtime_error("SHA-256");
  }
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : digest) {
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 15U];
  }
  return text;
}

}  // namespace renewd::testing
