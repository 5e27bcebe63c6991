// Numbers as operators write them: decimal digits only. A leading zero is refused: 012 is 12 in YAML 1.2 and 10 in YAML
// 1.1, and either may be meant.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace renewd::configuration {

// Nothing when `text` has another form (a sign, a leading zero, another base, an exponent, a point, separators); the
// largest number for everything larger.
std::optional<std::uint64_t> parse_number(std::string_view text);

// From 1 to 65535.
std::optional<std::uint16_t> parse_port(std::string_view text);

// The end of a sentence ("; 012 has a leading zero … write 12") for a number with leading zeros, with or without a
// unit; empty for any other text.
std::string leading_zero_hint(std::string_view text);

}  // namespace renewd::configuration
