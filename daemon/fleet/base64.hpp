// base64 (RFC 4648, 4), strictly: each byte string has exactly one text. Both the values in etcd and its JSON use it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace renewd::fleet {

std::string encode_base64(std::string_view bytes);
// Nothing for white space, missing padding, other characters, or bits that no byte uses.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace renewd::fleet
