// The wall clock, by reference: nobody else asks for the time, so that tests decide what time it is.
// Certificates are judged by it. Deadlines of an operation are Asio's steady timers instead.
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

// When this host was started, as the wall clock is set now: what the kernel counts from its start is added to it.
TimePoint host_started_at();

}  // namespace renewd
