// Durations as operators write them: a whole number and one unit ("90s", "15m", "12h", "30d").
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "configuration/settings.hpp"

namespace renewd::configuration {

inline constexpr std::string_view kDurationForm = "a duration such as 90s, 15m, 12h or 30d";
// Certificates are valid for a year: a longer duration is a mistake, and could overflow.
inline constexpr std::chrono::days kLongestDuration{365};

// Nothing when `text` has another form; one second more than kLongestDuration for everything longer.
std::optional<seconds> parse_duration(std::string_view text);

// The shortest form that parse_duration() reads as the same ("1h", "90s").
std::string write_duration(seconds duration);

// The number before a percent sign ("25%", "12.5%"), whatever its value; nothing when `text` has another form.
std::optional<double> parse_percentage(std::string_view text);

}  // namespace renewd::configuration
