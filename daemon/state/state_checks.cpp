#include "state/state_checks.hpp"

#include <algorithm>
#include <array>

#include <boost/json.hpp>

#include "core/error.hpp"
#include "core/text.hpp"

namespace renewd::state {
namespace {

constexpr std::size_t kMaxTextLength = 2000;
// An X.509 serial has 20 octets, a SHA-256 fingerprint 32; some old authorities issued longer serials.
constexpr std::size_t kMaxDigits = 200;
constexpr std::size_t kMaxUnitLength = 255;
constexpr std::int64_t kMicroseconds = 1'000'000;
constexpr std::int64_t kLatest =
    std::chrono::sys_seconds(std::chrono::floor<std::chrono::days>(TimePoint::max())).time_since_epoch().count();

std::optional<std::int64_t> whole_number(const boost::json::value& value, std::int64_t highest) {
  boost::json::error_code error;
  const auto number = value.to_number<std::int64_t>(error);
  return error || number < 0 || number > highest ? std::nullopt : std::optional(number);
}

}  // namespace

std::optional<std::chrono::sys_seconds> checked_seconds(const boost::json::value& value) {
  const auto number = whole_number(value, kLatest);
  return number ? std::optional(std::chrono::sys_seconds(std::chrono::seconds(*number))) : std::nullopt;
}

std::optional<TimePoint> checked_microseconds(const boost::json::value& value) {
  const auto number = whole_number(value, kLatest * kMicroseconds);
  return number ? std::optional(TimePoint(std::chrono::microseconds(*number))) : std::nullopt;
}

std::optional<int> checked_count(const boost::json::value& value, int highest) {
  const auto number = whole_number(value, highest);
  return number ? std::optional(static_cast<int>(*number)) : std::nullopt;
}

std::string checked_text(std::string_view text) {
  return printable(text, kMaxTextLength);
}

bool is_hexadecimal(std::string_view text) {
  text.remove_prefix(text.starts_with('-') ? 1 : 0);
  return !text.empty() && text.size() <= kMaxDigits &&
         text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

bool is_unit(std::string_view text) {
  const auto point = text.rfind('.');
  return text.size() <= kMaxUnitLength && point != std::string_view::npos && point != 0 && point + 1 != text.size() &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_alphanumeric_or(c, ":-_.\\@"); });
}

bool is_failure_class(std::string_view text) {
  static constexpr std::array kKinds{ErrorKind::dns,          ErrorKind::connect,      ErrorKind::tls,
                                     ErrorKind::proxy,        ErrorKind::timeout,      ErrorKind::unauthorized,
                                     ErrorKind::client_error, ErrorKind::rate_limited, ErrorKind::server_error,
                                     ErrorKind::bad_answer,   ErrorKind::disk,         ErrorKind::gateway,
                                     ErrorKind::fleet,        ErrorKind::cancelled,    ErrorKind::busy};
  return std::ranges::any_of(kKinds, [text](ErrorKind kind) { return to_string(kind) == text; });
}

}  // namespace renewd::state
