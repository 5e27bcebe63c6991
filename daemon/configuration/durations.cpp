#include "configuration/durations.hpp"

#include <charconv>
#include <cstdint>
#include <system_error>

#include <fmt/format.h>

#include "configuration/numbers.hpp"

namespace renewd::configuration {
namespace {

std::optional<seconds> unit(char letter) {
  switch (letter) {
    case 's':
      return seconds{1};
    case 'm':
      return std::chrono::minutes{1};
    case 'h':
      return std::chrono::hours{1};
    case 'd':
      return std::chrono::days{1};
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<seconds> parse_duration(std::string_view text) {
  if (text.size() < 2) {
    return std::nullopt;
  }
  const auto one = unit(text.back());
  const std::string_view digits = text.substr(0, text.size() - 1);
  const auto count = parse_number(digits);
  if (!one || !count) {
    return std::nullopt;
  }
  const auto longest = static_cast<std::uint64_t>(seconds{kLongestDuration} / *one);
  if (*count > longest) {
    return seconds{kLongestDuration} + seconds{1};
  }
  return *one * static_cast<seconds::rep>(*count);
}

std::string write_duration(seconds duration) {
  for (const char letter : {'d', 'h', 'm'}) {
    if (duration.count() != 0 && duration % *unit(letter) == seconds{0}) {
      return fmt::format("{}{}", duration / *unit(letter), letter);
    }
  }
  return fmt::format("{}s", duration.count());
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
