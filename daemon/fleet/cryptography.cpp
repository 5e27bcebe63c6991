#include "fleet/cryptography.hpp"

#include <array>
#include <limits>
#include <memory>
#include <vector>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include "certificate/openssl.hpp"

namespace renewd::fleet {
namespace {

using certificate::Free;
using CipherPtr = std::unique_ptr<EVP_CIPHER_CTX, Free<EVP_CIPHER_CTX_free>>;
using KdfPtr = std::unique_ptr<EVP_KDF, Free<EVP_KDF_free>>;
using KdfContextPtr = std::unique_ptr<EVP_KDF_CTX, Free<EVP_KDF_CTX_free>>;

const unsigned char* unsigned_data(std::string_view bytes) {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): OpenSSL's bytes are unsigned
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

// Bytes that OpenSSL writes, wiped in the end.
class Output {
 public:
  explicit Output(std::size_t size) : bytes_(size) {}
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  ~Output() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

  unsigned char* data() { return bytes_.data(); }
  std::size_t size() const { return bytes_.size(); }
  std::string_view view() const {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): OpenSSL's bytes are unsigned
    return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
  }

 private:
  std::vector<unsigned char> bytes_;
};

OSSL_PARAM octets(const char* name, std::string_view bytes) {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): only read
  return OSSL_PARAM_construct_octet_string(name, const_cast<char*>(bytes.data()), bytes.size());
}

bool fits(std::string_view bytes) {
  return bytes.size() <= static_cast<std::size_t>(std::numeric_limits<int>::max());
}

std::nullopt_t failed_call() {
  ERR_clear_error();
  return std::nullopt;
}

// Everything but the direction is the same for both.
bool begin(EVP_CIPHER_CTX* context, bool encrypts, const Secret& key, std::string_view nonce,
           std::string_view additional_data) {
  int length = 0;
  return context != nullptr && key.view().size() == kKeyLength && nonce.size() == kNonceLength &&
         fits(additional_data) &&
         EVP_CipherInit_ex2(context, EVP_aes_256_gcm(), unsigned_data(key.view()), unsigned_data(nonce),
                            encrypts ? 1 : 0, nullptr) == 1 &&
         EVP_CipherUpdate(context, nullptr, &length, unsigned_data(additional_data),
                          static_cast<int>(additional_data.size())) == 1;
}

}  // namespace

std::optional<std::string> random_bytes(std::size_t length) {
  Output output(length);
  if (RAND_priv_bytes(output.data(), static_cast<int>(length)) != 1) {
    return failed_call();
  }
  return std::string(output.view());
}

std::optional<Secret> derive_key(std::string_view key, std::string_view salt, std::string_view info,
                                 std::size_t length) {
  const KdfPtr kdf(EVP_KDF_fetch(nullptr, OSSL_KDF_NAME_HKDF, nullptr));
  const KdfContextPtr context(kdf ? EVP_KDF_CTX_new(kdf.get()) : nullptr);
  std::array digest{'S', 'H', 'A', '2', '5', '6', '\0'};
  std::vector<OSSL_PARAM> parameters{
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), digest.size() - 1),
      octets(OSSL_KDF_PARAM_KEY, key)};
  if (!salt.empty()) {
    parameters.push_back(octets(OSSL_KDF_PARAM_SALT, salt));
  }
  if (!info.empty()) {
    parameters.push_back(octets(OSSL_KDF_PARAM_INFO, info));
  }
  parameters.push_back(OSSL_PARAM_construct_end());
  Output output(length);
  if (!context || EVP_KDF_derive(context.get(), output.data(), output.size(), parameters.data()) != 1) {
    return failed_call();
  }
  return Secret(output.view());
}

std::optional<std::string> encrypt(const Secret& key, std::string_view nonce, std::string_view additional_data,
                                   const Secret& plaintext) {
  const std::string_view text = plaintext.view();
  const CipherPtr context(EVP_CIPHER_CTX_new());
  if (!fits(text) || !begin(context.get(), true, key, nonce, additional_data)) {
    return failed_call();
  }
  Output output(text.size() + kTagLength);
  int length = 0;
  int rest = 0;
  const bool done = EVP_CipherUpdate(context.get(), output.data(), &length, unsigned_data(text),
                                     static_cast<int>(text.size())) == 1 &&
                    EVP_CipherFinal_ex(context.get(), output.data() + length, &rest) == 1 &&
                    EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, static_cast<int>(kTagLength),
                                        output.data() + text.size()) == 1;
  return done ? std::optional(std::string(output.view())) : failed_call();
}

std::optional<Secret> decrypt(const Secret& key, std::string_view nonce, std::string_view additional_data,
                              std::string_view ciphertext_and_tag) {
  const CipherPtr context(EVP_CIPHER_CTX_new());
  if (ciphertext_and_tag.size() < kTagLength || !fits(ciphertext_and_tag) ||
      !begin(context.get(), false, key, nonce, additional_data)) {
    return failed_call();
  }
  const std::string_view text = ciphertext_and_tag.substr(0, ciphertext_and_tag.size() - kTagLength);
  std::string tag(ciphertext_and_tag.substr(text.size()));
  Output output(text.size());
  int length = 0;
  int rest = 0;
  // OpenSSL takes a null pointer for additional data.
  const bool done =
      (text.empty() || EVP_CipherUpdate(context.get(), output.data(), &length, unsigned_data(text),
                                        static_cast<int>(text.size())) == 1) &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, static_cast<int>(kTagLength), tag.data()) == 1 &&
      EVP_CipherFinal_ex(context.get(), output.data() + length, &rest) == 1;
  return done ? std::optional(Secret(output.view())) : failed_call();
}

}  // namespace renewd::fleet
