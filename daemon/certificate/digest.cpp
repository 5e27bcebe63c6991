#include "certificate/digest.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>

namespace renewd::certificate {

Digest digest_of(std::string_view bytes) {
  Digest digest{};
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1) {
    ERR_clear_error();
    return {};
  }
  return digest;
}

}  // namespace renewd::certificate
