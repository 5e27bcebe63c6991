// Sleeps until a time of the wall clock. Asio's timers use the monotonic clock, which stops in suspend and ignores
// clock changes; a timerfd on CLOCK_REALTIME does not (timerfd_create(2)). All timers of an event loop share one
// descriptor.
#pragma once

#include <cstdint>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/experimental/channel.hpp>

#include "core/clock.hpp"

namespace renewd {

enum class Wake {
  reached,
  clock_changed,  // the clock was set: re-evaluate everything
  cancelled,
};

class WallTimers;  // the shared state of an event loop

class WallTimer {
 public:
  // Throws std::system_error if the kernel has no timer left.
  explicit WallTimer(const boost::asio::any_io_executor& executor);

  // Returns at once if `moment` is in the past, or if the clock was set since the last sleep or the construction.
  boost::asio::awaitable<Wake> sleep_until(TimePoint moment);

 private:
  friend class WallTimers;
  WallTimers& timers_;
  std::uint64_t clock_sets_seen_;
  boost::asio::experimental::channel<void(boost::system::error_code, Wake)> woken_;
};

}  // namespace renewd
