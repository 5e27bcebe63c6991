// Numbers as operators write them: decimal digits alone. A leading zero is refused: 012 is 12 in YAML 1.2 and 10 in
// YAML 1.1, and a reader cannot know which one its author meant.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace renewd::configuration {

// Nothing when `text` has another form (a sign, a leading zero, another base, an exponent, a point, separators).
// Numbers too large to count are the largest.
std::optional<std::uint64_t> parse_number(std::string_view text);

// From 1 to 65535.
std::optional<std::uint16_t> parse_port(std::string_view text);

// What to write instead of a number with leading zeros, whatever follows its digits ("; 012 may be read as octal, write
// 12"), as the end of a sentence; empty for all else.
std::string leading_zero_hint(std::string_view text);

}  // namespace renewd::configuration
