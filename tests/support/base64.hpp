// base64 as most encoders write it: in one line, with padding.
#pragma once

#include <string>
#include <string_view>

#include <openssl/evp.h>

namespace renewd::testing {

inline std::string base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4, '\0');
  // Writes a NUL after the text, where the string has one.
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), reinterpret_cast<const unsigned char*>(bytes.data()),
                  static_cast<int>(bytes.size()));
  return text;
}

}  // namespace renewd::testing
