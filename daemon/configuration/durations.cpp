#include "configuration/durations.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "configuration/numbers.hpp"

namespace renewd::configuration {
namespace {

constexpr std::array<std::pair<char, seconds>, 4> kUnits{
    {{'d', std::chrono::days{1}}, {'h', std::chrono::hours{1}}, {'m', std::chrono::minutes{1}}, {'s', seconds{1}}}};

}  // namespace

std::optional<seconds> parse_duration(std::string_view text) {
  if (text.size() < 2) {
    return std::nullopt;
  }
  const auto* const unit = std::ranges::find(kUnits, text.back(), &std::pair<char, seconds>::first);
  const auto count = parse_number(text.substr(0, text.size() - 1));
  if (unit == kUnits.end() || !count) {
    return std::nullopt;
  }
  const auto longest = static_cast<std::uint64_t>(seconds{kLongestDuration} / unit->second);
  return *count > longest ? seconds{kLongestDuration} + seconds{1} : unit->second * static_cast<seconds::rep>(*count);
}

std::string write_duration(seconds duration) {
  for (const auto& [letter, unit] : kUnits) {
    if (duration.count() != 0 && duration % unit == seconds{0}) {
      return fmt::format("{}{}", duration / unit, letter);
    }
  }
  return "0s";
}

std::optional<double> parse_percentage(std::string_view text) {
  if (!text.ends_with('%')) {
    return std::nullopt;
  }
  const std::string_view digits = text.substr(0, text.size() - 1);
  const std::string_view whole = digits.substr(0, digits.find('.'));
  if (!parse_number(whole.starts_with('-') ? whole.substr(1) : whole)) {
    return std::nullopt;  // from_chars would accept ".5" and "inf"
  }
  double number = 0;
  const auto [stop, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), number, std::chars_format::fixed);
  if (stop != digits.data() + digits.size() || error != std::errc()) {
    return std::nullopt;
  }
  return number;
}

}  // namespace renewd::configuration
