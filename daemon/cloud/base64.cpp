#include "cloud/base64.hpp"

#include <openssl/evp.h>

#include "core/text.hpp"

namespace renewd::cloud {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

}  // namespace

std::optional<std::string> decode_base64(std::string_view text) {
  std::string digits;
  digits.reserve(text.size() + 3);
  std::size_t padding = 0;
  for (char c : text) {
    if (is_space(c)) {
      continue;
    }
    if (c == '=') {
      ++padding;
      continue;
    }
    if (c == '-') {
      c = '+';
    } else if (c == '_') {
      c = '/';
    }
    const bool is_digit = is_letter_or_digit(c) || c == '+' || c == '/';
    if (!is_digit || padding != 0) {
      return std::nullopt;
    }
    digits.push_back(c);
  }
  const std::size_t missing = (4 - digits.size() % 4) % 4;
  if (digits.empty() || missing == 3 || (padding != 0 && padding != missing)) {
    return std::nullopt;
  }
  digits.append(missing, '=');

  std::string bytes(digits.size() / 4 * 3, '\0');
  const int size =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                      reinterpret_cast<const unsigned char*>(digits.data()), static_cast<int>(digits.size()));
  if (size < 0) {
    return std::nullopt;
  }
  bytes.resize(bytes.size() - missing);  // EVP_DecodeBlock() decodes the padding as zero bytes
  return bytes;
}

}  // namespace renewd::cloud
