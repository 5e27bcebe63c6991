#include "configuration/numbers.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "core/text.hpp"

namespace renewd::configuration {
namespace {

using std::chrono::seconds;

constexpr std::string_view kDigits = "0123456789";
constexpr std::size_t kLongestShown = 20;
constexpr std::array<std::pair<char, seconds>, 4> kUnits{
    {{'d', std::chrono::days{1}}, {'h', std::chrono::hours{1}}, {'m', std::chrono::minutes{1}}, {'s', seconds{1}}}};

bool has_leading_zero(std::string_view text) {
  return text.size() > 1 && text[0] == '0' && kDigits.find(text[1]) != std::string_view::npos;
}

}  // namespace

std::optional<std::uint64_t> parse_number(std::string_view text) {
  if (text.empty() || has_leading_zero(text) || text.find_first_not_of(kDigits) != std::string_view::npos) {
    return std::nullopt;
  }
  std::uint64_t number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() ? number : std::numeric_limits<std::uint64_t>::max();
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  const auto port = parse_number(text);
  return port && *port != 0 && *port <= std::numeric_limits<std::uint16_t>::max()
             ? std::optional(static_cast<std::uint16_t>(*port))
             : std::nullopt;
}

std::string leading_zero_hint(std::string_view text) {
  if (!has_leading_zero(text) || text.size() > kLongestShown) {
    return {};
  }
  // "000s" becomes "0s".
  const std::size_t first = std::min(text.find_first_not_of('0'), text.size());
  const bool all_zeros = first == text.size() || kDigits.find(text[first]) == std::string_view::npos;
  const std::string_view plain = text.substr(all_zeros ? first - 1 : first);
  return fmt::format("; {} has a leading zero, which some YAML parsers read as octal: write {}", printable(text),
                     printable(plain));
}

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
