#include <algorithm>
#include <utility>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "certificate/alias.hpp"
#include "certificate/decryption.hpp"
#include "certificate/formats.hpp"
#include "certificate/keystore.hpp"
#include "certificate/openssl.hpp"

namespace renewd::certificate {
namespace {

// As keytool.
constexpr int kIterations = 10'000;

// Zero-terminated for OpenSSL, and wiped.
class TerminatedPassword {
 public:
  explicit TerminatedPassword(const Secret& secret) : bytes_(secret.view().size() + 1) {
    std::copy(secret.view().begin(), secret.view().end(), bytes_.begin());
  }
  TerminatedPassword(const TerminatedPassword&) = delete;
  TerminatedPassword& operator=(const TerminatedPassword&) = delete;
  ~TerminatedPassword() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }
  const char* c_str() const { return bytes_.data(); }

 private:
  std::vector<char> bytes_;
};

tl::unexpected<Error> writing_failure(std::string message) {
  if (const std::string cause = drain_errors(); !cause.empty()) {
    message += ": " + cause;
  }
  return failure(ErrorKind::bad_answer, std::move(message));
}

bool write_key(BIO* out, const PrivateKey& key, const Secret& password) {
  const Pkcs8Ptr plain(EVP_PKEY2PKCS8(key.get()));
  if (!plain) {
    return false;
  }
  if (password.empty()) {
    return PEM_write_bio_PKCS8_PRIV_KEY_INFO(out, plain.get()) == 1;
  }
  const X509SigPtr encrypted(PKCS8_encrypt(-1, EVP_aes_256_cbc(), password.view().data(),
                                           static_cast<int>(password.view().size()), nullptr, 0, kIterations,
                                           plain.get()));
  return encrypted && PEM_write_bio_PKCS8(out, encrypted.get()) == 1;
}

bool set_attributes(PKCS12_SAFEBAG* bag, const std::string& alias, std::string key_id) {
  const std::string name = to_utf16(alias);
  return PKCS12_add_localkeyid(bag, reinterpret_cast<unsigned char*>(key_id.data()), static_cast<int>(key_id.size())) ==
             1 &&
         (name.empty() || PKCS12_add_friendlyname_uni(bag, as_bytes(name), static_cast<int>(name.size())) == 1);
}

// As PKCS12_create(), which refuses aliases with characters beyond U+FFFF. Null if OpenSSL fails.
SafesPtr make_safes(const Certificate& certificate, const std::vector<Certificate>& chain, const PrivateKey& key,
                    const std::string& alias, const char* password) {
  // For a cipher instead of a PKCS#12 algorithm, OpenSSL uses PBES2 with PBKDF2 and HMAC-SHA-256.
  constexpr int kCipher = NID_aes_256_cbc;
  const std::string key_id = certificate.fingerprint_sha256();
  STACK_OF(PKCS12_SAFEBAG)* raw_certificates = nullptr;
  PKCS12_SAFEBAG* own = PKCS12_add_cert(&raw_certificates, certificate.get());  // borrowed from the stack
  bool succeeded = own != nullptr && set_attributes(own, alias, key_id);
  for (const auto& other : chain) {
    succeeded = succeeded && PKCS12_add_cert(&raw_certificates, other.get()) != nullptr;
  }
  const BagsPtr certificates(raw_certificates);
  STACK_OF(PKCS12_SAFEBAG)* raw_keys = nullptr;
  PKCS12_SAFEBAG* bag = PKCS12_add_key(&raw_keys, key.get(), 0, kIterations, kCipher, password);  // also borrowed
  succeeded = succeeded && bag != nullptr && set_attributes(bag, alias, key_id);
  const BagsPtr keys(raw_keys);
  constexpr int kUnencrypted = -1;  // the key itself is encrypted
  STACK_OF(PKCS7)* raw_safes = nullptr;
  succeeded = succeeded && PKCS12_add_safe(&raw_safes, certificates.get(), kCipher, kIterations, password) == 1 &&
              PKCS12_add_safe(&raw_safes, keys.get(), kUnencrypted, 0, nullptr) == 1;
  SafesPtr safes(raw_safes);
  return succeeded ? std::move(safes) : nullptr;
}

}  // namespace

Result<std::string> write_pkcs12(const Certificate& certificate, const std::vector<Certificate>& chain,
                                 const PrivateKey& key, const std::string& alias, const Secret& password) {
  const std::string doing = "building a PKCS#12 file";
  ERR_clear_error();
  if (password.view().find('\0') != std::string_view::npos) {
    return writing_failure(doing + ": the password contains a zero byte");
  }
  if (!certificate.belongs_to(key)) {
    return writing_failure(doing + ": the key does not belong to the certificate");
  }
  const TerminatedPassword terminated(password);
  const SafesPtr safes = make_safes(certificate, chain, key, alias, terminated.c_str());
  const Pkcs12Ptr pkcs12(safes ? PKCS12_add_safes(safes.get(), 0) : nullptr);
  if (!pkcs12 || PKCS12_set_mac(pkcs12.get(), terminated.c_str(), -1, nullptr, 0, kIterations, EVP_sha256()) != 1) {
    return writing_failure(doing);
  }
  const BioPtr out(BIO_new(BIO_s_mem()));
  if (!out || i2d_PKCS12_bio(out.get(), pkcs12.get()) != 1) {
    return writing_failure(doing);
  }
  ERR_clear_error();
  return std::string(contents_of(out.get()));
}

Result<std::string> write_pem(const Certificate& certificate, const std::vector<Certificate>& chain,
                              const PrivateKey& key, const Secret& password) {
  const std::string doing = "building a PEM file";
  ERR_clear_error();
  const BioPtr out(BIO_new(BIO_s_mem()));
  if (!out || !write_key(out.get(), key, password) || PEM_write_bio_X509(out.get(), certificate.get()) != 1) {
    return writing_failure(doing);
  }
  for (const auto& other : chain) {
    if (PEM_write_bio_X509(out.get(), other.get()) != 1) {
      return writing_failure(doing);
    }
  }
  ERR_clear_error();
  return std::string(contents_of(out.get()));
}

}  // namespace renewd::certificate
