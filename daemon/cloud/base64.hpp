// Base64 as servers really send it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace renewd::cloud {

// Decodes RFC 4648 base64 in either alphabet, white space and line breaks anywhere, padding present or left out.
// Nothing for any other byte, for padding in the middle, and for a length that no encoder produces.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace renewd::cloud
