#include "fleet/base64.hpp"

#include <cstdint>

#include <openssl/evp.h>

namespace renewd::fleet {
namespace {

constexpr std::size_t kBytesInGroup = 3;
constexpr std::size_t kDigitsInGroup = 4;

const unsigned char* unsigned_bytes(std::string_view text) {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): OpenSSL's bytes are unsigned
  return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* unsigned_bytes(std::string& text) {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): OpenSSL's bytes are unsigned
  return reinterpret_cast<unsigned char*>(text.data());
}

}  // namespace

std::string encode_base64(std::string_view bytes) {
  std::string text((bytes.size() + kBytesInGroup - 1) / kBytesInGroup * kDigitsInGroup, '\0');
  // Writes a NUL after the text, where the string has one.
  EVP_EncodeBlock(unsigned_bytes(text), unsigned_bytes(bytes), static_cast<int>(bytes.size()));
  return text;
}

std::optional<std::string> decode_base64(std::string_view text) {
  if (text.size() % kDigitsInGroup != 0 || text.size() > INT32_MAX) {
    return std::nullopt;
  }
  std::string bytes(text.size() / kDigitsInGroup * kBytesInGroup, '\0');
  if (EVP_DecodeBlock(unsigned_bytes(bytes), unsigned_bytes(text), static_cast<int>(text.size())) < 0) {
    return std::nullopt;
  }
  // It counts the padding as bytes.
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  bytes.resize(bytes.size() - padding);
  // It skips white space at both ends, and ignores surplus bits.
  return encode_base64(bytes) == text ? std::optional(std::move(bytes)) : std::nullopt;
}

}  // namespace renewd::fleet
