// The wall clock, for everything about certificates. It is passed by reference and nothing else reads the time, so that
// tests can set it. Deadlines of operations use Asio's steady timers instead.
#pragma once

#include <algorithm>
#include <chrono>

namespace renewd {

using TimePoint = std::chrono::system_clock::time_point;

// A foreign date as one that can be compared with the clock, whose nanoseconds end in 2262: RFC 5280's "no expiry", the
// year 9999, would overflow. The limits leave room for differences.
constexpr std::chrono::sys_seconds within_clock(std::chrono::sys_seconds time) {
  constexpr std::chrono::sys_seconds kLatest = std::chrono::floor<std::chrono::days>(TimePoint::max());
  return std::clamp(time, std::chrono::sys_seconds{}, kLatest);
}

class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint now() const = 0;
};

class SystemClock final : public Clock {
 public:
  TimePoint now() const override { return std::chrono::system_clock::now(); }
};

// When this host booted, according to the current wall clock: add to it what the kernel counts in time since boot.
TimePoint host_started_at();

}  // namespace renewd
