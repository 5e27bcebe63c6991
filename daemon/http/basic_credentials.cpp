#include "http/basic_credentials.hpp"

#include <cstring>
#include <vector>

#include <openssl/evp.h>

#include "http/wiped_text.hpp"

namespace renewd::http {

Secret encode(const BasicCredentials& credentials) {
  WipedText plain(credentials.user.size() + 1 + credentials.password.view().size());
  ((plain += credentials.user) += ":") += credentials.password.view();
  std::vector<unsigned char> encoded((plain.view().size() + 2) / 3 * 4 + 1);
  const int size = EVP_EncodeBlock(encoded.data(), reinterpret_cast<const unsigned char*>(plain.view().data()),
                                   static_cast<int>(plain.view().size()));
  Secret text(std::string_view(reinterpret_cast<const char*>(encoded.data()), static_cast<std::size_t>(size)));
  ::explicit_bzero(encoded.data(), encoded.size());
  return text;
}

}  // namespace renewd::http
