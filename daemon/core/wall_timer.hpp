// Sleeping until a moment of the wall clock. Asio's own timers run on the monotonic clock, which stands still in
// suspend and knows nothing of a clock that is set; a timerfd on CLOCK_REALTIME does (timerfd_create(2)). However many
// timers an event loop has, they share one descriptor.
#pragma once

#include <cstdint>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/experimental/channel.hpp>

#include "core/clock.hpp"

namespace renewd {

enum class Wake {
  reached,        // the moment has come
  clock_changed,  // somebody set the clock: everything must be decided anew
  cancelled,
};

class WallTimers;  // those of one event loop

class WallTimer {
 public:
  // Throws std::system_error when the kernel gives no timer: nothing works then.
  explicit WallTimer(const boost::asio::any_io_executor& executor);

  // A moment in the past is reached at once. A clock that was set since the last sleep, or since the construction, ends
  // this one at once.
  boost::asio::awaitable<Wake> sleep_until(TimePoint moment);

 private:
  friend class WallTimers;
  WallTimers& all_;
  std::uint64_t clock_sets_seen_;
  // Nothing is kept in it: only a sleeper can be woken.
  boost::asio::experimental::channel<void(boost::system::error_code, Wake)> woken_;
};

}  // namespace renewd
