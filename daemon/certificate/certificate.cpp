#include "certificate/certificate.hpp"

#include <algorithm>
#include <array>
#include <ctime>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/objects.h>

#include "certificate/openssl.hpp"
#include "core/text.hpp"
#include "core/within_clock.hpp"

namespace renewd::certificate {
namespace {

using std::chrono::sys_seconds;

std::string name_text(const X509_NAME* name) {
  const BioPtr out(BIO_new(BIO_s_mem()));
  // RFC 2253, but with readable UTF-8.
  if (!out || X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) < 0) {
    ERR_clear_error();
    return "(unreadable name)";
  }
  return printable(contents_of(out.get()), 500);
}

sys_seconds parsed(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) {
    ERR_clear_error();
    return sys_seconds{};
  }
  return within_clock(sys_seconds(std::chrono::seconds(timegm(&parts))));
}

}  // namespace

PrivateKey::PrivateKey(EVP_PKEY* owned) : key_(owned, Free<EVP_PKEY_free>()) {}

Certificate::Certificate(X509* owned) : x509_(owned, Free<X509_free>()) {}

std::string Certificate::subject() const {
  return name_text(X509_get_subject_name(get()));
}

std::string Certificate::issuer() const {
  return name_text(X509_get_issuer_name(get()));
}

std::string Certificate::common_name() const {
  const X509_NAME* name = X509_get_subject_name(get());
  const int index = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  if (index < 0) {
    return {};
  }
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, index)));
  if (size < 0) {
    ERR_clear_error();
    return {};
  }
  std::string text(utf8, utf8 + size);
  OPENSSL_free(utf8);
  return text;
}

std::string Certificate::serial() const {
  const BioPtr out(BIO_new(BIO_s_mem()));
  if (!out || i2a_ASN1_INTEGER(out.get(), X509_get0_serialNumber(get())) < 0) {
    ERR_clear_error();
    return "(unreadable serial)";
  }
  std::string text(contents_of(out.get()));
  std::erase_if(text, [](char c) { return c == '\\' || c == '\n'; });  // OpenSSL wraps long numbers
  return printable(text);
}

sys_seconds Certificate::not_before() const {
  return parsed(X509_get0_notBefore(get()));
}

sys_seconds Certificate::not_after() const {
  return parsed(X509_get0_notAfter(get()));
}

std::string Certificate::key_type() const {
  EVP_PKEY* key = X509_get0_pubkey(get());  // borrowed from the certificate
  if (key == nullptr) {
    ERR_clear_error();
    return "unknown";
  }
  const int type = EVP_PKEY_get_base_id(key);
  std::array<char, 80> group{};
  if (type == EVP_PKEY_EC && EVP_PKEY_get_group_name(key, group.data(), group.size(), nullptr) == 1) {
    return fmt::format("EC {}", group.data());
  }
  const char* name = EVP_PKEY_get0_type_name(key);
  const std::string text = name != nullptr ? name : "unknown";
  ERR_clear_error();
  return type == EVP_PKEY_RSA || type == EVP_PKEY_RSA_PSS ? fmt::format("{} {}", text, EVP_PKEY_get_bits(key)) : text;
}

int Certificate::security_bits() const {
  const EVP_PKEY* key = X509_get0_pubkey(get());  // borrowed from the certificate
  const int bits = key != nullptr ? EVP_PKEY_get_security_bits(key) : 0;
  ERR_clear_error();
  return std::max(bits, 0);
}

std::optional<int> Certificate::signature_bits() const {
  int bits = 0;
  const bool known = X509_get_signature_info(get(), nullptr, nullptr, &bits, nullptr) == 1;
  ERR_clear_error();
  return known && bits > 0 ? std::optional(bits) : std::nullopt;
}

std::string Certificate::signature_type() const {
  std::array<char, 80> text{};
  const X509_ALGOR* algorithm = nullptr;  // borrowed
  X509_get0_signature(nullptr, &algorithm, get());
  OBJ_obj2txt(text.data(), static_cast<int>(text.size()), algorithm->algorithm, 0);
  return printable(text.data());
}

std::string Certificate::fingerprint_sha256() const {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (X509_digest(get(), EVP_sha256(), digest.data(), &size) != 1) {
    ERR_clear_error();
    return {};
  }
  return fmt::format("{:02X}", fmt::join(digest.begin(), digest.begin() + size, ""));
}

bool Certificate::same_public_key(const Certificate& other) const {
  const EVP_PKEY* mine = X509_get0_pubkey(get());
  const EVP_PKEY* theirs = X509_get0_pubkey(other.get());
  const bool same = mine != nullptr && theirs != nullptr && EVP_PKEY_eq(mine, theirs) == 1;
  ERR_clear_error();
  return same;
}

bool Certificate::belongs_to(const PrivateKey& key) const {
  const EVP_PKEY* mine = X509_get0_pubkey(get());
  const bool belongs = mine != nullptr && EVP_PKEY_eq(mine, key.get()) == 1;
  ERR_clear_error();
  return belongs;
}

}  // namespace renewd::certificate
