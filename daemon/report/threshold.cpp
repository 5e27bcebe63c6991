#include "report/threshold.hpp"

#include <charconv>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "core/text.hpp"

namespace renewd::report {
namespace {

constexpr double kMostDays = 36500;

// from_chars() alone would also accept "inf", "nan" and exponents.
std::optional<double> parse_days(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool is_plain = text.find_first_not_of("-.0123456789") == std::string_view::npos;
  if (!is_plain || error != std::errc() || end != text.data() + text.size() || std::abs(value) > kMostDays) {
    return std::nullopt;
  }
  return std::round(value * 100) / 100;  // as the output shows it
}

tl::unexpected<Error> refused(std::string_view text) {
  return failure(ErrorKind::client_error, fmt::format("\"{}\" is not a range of days such as 30: (below 30), ~:30 "
                                                      "(above 30), 5:30 (outside) or @5:30 (inside)",
                                                      printable(text, 40)));
}

}  // namespace

Result<Threshold> parse_threshold(std::string_view text) {
  Threshold threshold;
  std::string_view rest = text;
  if (rest.starts_with('@')) {
    threshold.inside = true;
    rest.remove_prefix(1);
  }
  const auto colon = rest.find(':');
  const std::string_view first = rest.substr(0, colon);
  const std::string_view second = colon == std::string_view::npos ? std::string_view() : rest.substr(colon + 1);
  const bool is_plain = colon == std::string_view::npos;
  if (first != "~" || is_plain) {
    // ":10" stands for "0:10".
    const auto start = first.empty() && !second.empty() ? 0.0 : parse_days(first);
    if (!start) {
      return refused(text);
    }
    threshold.start = *start;
  }
  if (is_plain && threshold.inside) {
    threshold.end = threshold.start;
    threshold.start = 0;
  }
  if (!second.empty()) {
    const auto end = parse_days(second);
    if (!end) {
      return refused(text);
    }
    threshold.end = *end;
  }
  if (threshold.start > threshold.end) {
    return failure(ErrorKind::client_error,
                   fmt::format("\"{}\" starts above its end: write the smaller number first", printable(text, 40)));
  }
  return threshold;
}

std::string number(double days) {
  std::string text = fmt::format("{:.2f}", days);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') {
    text.pop_back();
  }
  return text == "-0" ? "0" : text;
}

std::string to_string(const Threshold& threshold) {
  return fmt::format("{}{}:{}", threshold.inside ? "@" : "",
                     std::isinf(threshold.start) ? "~" : number(threshold.start),
                     std::isinf(threshold.end) ? "" : number(threshold.end));
}

}  // namespace renewd::report
