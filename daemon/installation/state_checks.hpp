// What the readers of the state accept in a member. A state directory comes back from backups, crashes and whoever had
// the daemon's user: what its files say is counted with, compared and shown, so that form and size are checked first.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json/fwd.hpp>

#include "core/clock.hpp"

namespace renewd::installation {

// More failures, or tries, than any certificate lives to see: what is counted on from here does not overflow.
inline constexpr int kHighestCount = 1'000'000;

// A moment as seconds, or microseconds, since the epoch: from there to the last day that the clock can hold
// (certificates "without expiry" end then). Nothing for anything else.
std::optional<std::chrono::sys_seconds> checked_seconds(const boost::json::value& value);
std::optional<TimePoint> checked_microseconds(const boost::json::value& value);

// A whole number from 0 to `highest`.
std::optional<int> checked_count(const boost::json::value& value, int highest = kHighestCount);

// What is shown to people: printable(), and cut.
std::string checked_words(std::string_view text);

// A serial number or a fingerprint as certificates give theirs: hexadecimal digits, perhaps after a minus.
bool is_hexadecimal(std::string_view text);
// The full name of a unit (systemd.unit(5)).
bool is_unit(std::string_view text);
// A class of failures by the name that ErrorKind gives it.
bool is_failure_class(std::string_view text);

}  // namespace renewd::installation
