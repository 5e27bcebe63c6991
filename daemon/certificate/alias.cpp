#include "certificate/alias.hpp"

#include <cstdint>

#include "core/text.hpp"

namespace renewd::certificate {
namespace {

constexpr char16_t kReplacement = 0xFFFD;

bool is_high(char16_t unit) {
  return unit >= 0xD800 && unit <= 0xDBFF;
}
bool is_low(char16_t unit) {
  return unit >= 0xDC00 && unit <= 0xDFFF;
}

std::string encode(std::u16string_view units) {
  std::string utf8;
  for (std::size_t i = 0; i < units.size(); ++i) {
    std::uint32_t code = units[i];
    if (is_high(units[i]) && i + 1 < units.size() && is_low(units[i + 1])) {
      code = 0x10000U + ((code - 0xD800U) << 10U) + (units[++i] - 0xDC00U);
    }
    append_utf8(utf8, code);
  }
  return utf8;
}

// Accepts overlong forms and surrogates, since modified UTF-8 has both.
std::u16string decode(std::string_view utf8) {
  std::u16string units;
  while (!utf8.empty()) {
    const auto first = static_cast<unsigned char>(utf8.front());
    const std::size_t size = first < 0x80   ? 1
                             : first < 0xC0 ? 0
                             : first < 0xE0 ? 2
                             : first < 0xF0 ? 3
                             : first < 0xF5 ? 4
                                            : 0;
    std::uint32_t code = size < 2 ? first : first & (0xFFU >> (size + 1));
    bool valid = size != 0 && size <= utf8.size();
    for (std::size_t i = 1; valid && i < size; ++i) {
      const auto next = static_cast<unsigned char>(utf8[i]);
      valid = (next & 0xC0U) == 0x80U;
      code = code << 6U | (next & 0x3FU);
    }
    if (!valid || code > 0x10FFFF) {
      units += kReplacement;
      utf8.remove_prefix(1);
      continue;
    }
    if (code >= 0x10000) {
      units += static_cast<char16_t>(0xD800U + ((code - 0x10000U) >> 10U));
      code = 0xDC00U + ((code - 0x10000U) & 0x3FFU);
    }
    units += static_cast<char16_t>(code);
    utf8.remove_prefix(size);
  }
  return units;
}

}  // namespace

std::string from_utf16(std::string_view big_endian) {
  std::u16string units;
  for (std::size_t i = 0; i + 1 < big_endian.size(); i += 2) {
    units += static_cast<char16_t>(static_cast<unsigned char>(big_endian[i]) << 8U |
                                   static_cast<unsigned char>(big_endian[i + 1]));
  }
  return encode(units);
}

std::string from_modified_utf8(std::string_view bytes) {
  return encode(decode(bytes));
}

std::string to_utf16(std::string_view utf8) {
  std::string bytes;
  for (const char16_t unit : decode(utf8)) {
    bytes += static_cast<char>(unit >> 8U);
    bytes += static_cast<char>(unit & 0xFFU);
  }
  return bytes;
}

}  // namespace renewd::certificate
