// The wall clock, for everything about certificates. It is passed by reference and nothing else reads the time, so that
// tests can set it. Deadlines of operations use Asio's steady timers instead.
#pragma once

#include <chrono>

namespace renewd {

using TimePoint = std::chrono::system_clock::time_point;

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
