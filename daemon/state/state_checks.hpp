// Validates values read from the state directory. Its files come back from backups and crashes, or others may have
// changed them: form and size are checked before anything computes with a value, or shows it.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json/fwd.hpp>

#include "core/clock.hpp"

namespace renewd::state {

// More failures or attempts than a certificate can ever have; counting on from here does not overflow.
inline constexpr int kMaxCount = 1'000'000;

// Seconds, or microseconds, since the epoch, up to the last day that the clock can represent (certificates "without
// expiry" end then). Nothing for any other value.
std::optional<std::chrono::sys_seconds> checked_seconds(const boost::json::value& value);
std::optional<TimePoint> checked_microseconds(const boost::json::value& value);

// A whole number from 0 to `highest`.
std::optional<int> checked_count(const boost::json::value& value, int highest = kMaxCount);

// printable() and truncated.
std::string checked_text(std::string_view text);

// A serial number or a fingerprint: hexadecimal digits, perhaps with a minus sign.
bool is_hexadecimal(std::string_view text);
// The full name of a unit (systemd.unit(5)).
bool is_unit(std::string_view text);
// The name of an ErrorKind.
bool is_failure_class(std::string_view text);

}  // namespace renewd::state
