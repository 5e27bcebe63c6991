// Lenient base64 decoding.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace renewd::cloud {

// Decodes base64 (RFC 4648) in either alphabet, with white space anywhere, with or without padding. Nothing for any
// other byte, for padding in the middle, or for an impossible length.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace renewd::cloud
