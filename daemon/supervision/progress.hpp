// By when a supervisor must have made progress: the watchdog's question.
#pragma once

#include <chrono>
#include <optional>

#include <boost/asio/steady_timer.hpp>

#include "core/clock.hpp"

namespace renewd::supervision {

class Progress {
 public:
  // Work takes no longer than `time`, by the monotonic clock.
  void expect_within(std::chrono::seconds time);
  // Sleep ends at `time`, by the wall clock.
  void expect_at(TimePoint time);
  // Nothing is expected: what is waited for has deadlines of its own.
  void expect_nothing();

  bool is_stuck(const Clock& clock) const;

 private:
  std::optional<boost::asio::steady_timer::time_point> working_until_;
  std::optional<TimePoint> asleep_until_;
};

}  // namespace renewd::supervision
