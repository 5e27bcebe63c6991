// Foreign dates that are compared with the clock.
#pragma once

#include <algorithm>
#include <chrono>

#include "core/clock.hpp"

namespace renewd {

// The clock's nanoseconds end in 2262: comparing it with a later date, such as RFC 5280's "no expiry" in the year 9999,
// would overflow. The limits leave room for differences.
constexpr std::chrono::sys_seconds within_clock(std::chrono::sys_seconds time) {
  constexpr std::chrono::sys_seconds kLatest = std::chrono::floor<std::chrono::days>(TimePoint::max());
  return std::clamp(time, std::chrono::sys_seconds{}, kLatest);
}

}  // namespace renewd
