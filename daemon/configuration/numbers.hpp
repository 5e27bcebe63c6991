// Numbers, durations and percentages as operators write them. A number has only decimal digits, without a leading zero:
// 012 is 12 in YAML 1.2 and 10 in YAML 1.1, and either may be meant.
#pragma once

#include <chrono>
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

// A whole number and one unit: "90s", "15m", "12h", "30d".
inline constexpr std::string_view kDurationForm = "a duration such as 90s, 15m, 12h or 30d";
// Certificates are valid for a year: a longer duration is a mistake, and could overflow.
inline constexpr std::chrono::days kLongestDuration{365};

// Nothing when `text` has another form; one second more than kLongestDuration for everything longer.
std::optional<std::chrono::seconds> parse_duration(std::string_view text);

// The shortest form that parse_duration() reads as the same ("1h", "90s").
std::string write_duration(std::chrono::seconds duration);

// The number before a percent sign ("25%", "12.5%"), whatever its value; nothing when `text` has another form.
std::optional<double> parse_percentage(std::string_view text);

}  // namespace renewd::configuration
