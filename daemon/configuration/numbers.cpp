#include "configuration/numbers.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <system_error>

#include <fmt/format.h>

#include "core/text.hpp"

namespace renewd::configuration {
namespace {

constexpr std::string_view kDigits = "0123456789";
constexpr std::size_t kLongestShown = 20;

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

}  // namespace renewd::configuration
