#include "http/basic_credentials.hpp"

#include <vector>

#include <openssl/evp.h>

namespace renewd::http {

Secret encode(const BasicCredentials& credentials) {
  // Not a string, since a short one would not be on the heap, which is wiped.
  const std::string_view password = credentials.password.view();
  std::vector<unsigned char> plain(credentials.user.begin(), credentials.user.end());
  plain.push_back(':');
  plain.insert(plain.end(), password.begin(), password.end());
  std::vector<unsigned char> encoded((plain.size() + 2) / 3 * 4 + 1);
  const int size = EVP_EncodeBlock(encoded.data(), plain.data(), static_cast<int>(plain.size()));
  return Secret({reinterpret_cast<const char*>(encoded.data()), static_cast<std::size_t>(size)});
}

}  // namespace renewd::http
