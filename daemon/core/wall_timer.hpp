// Sleeping until a moment of the wall clock. Asio's own timers run on the monotonic clock, which stands still in
// suspend and knows nothing of a clock that is set; a timerfd on CLOCK_REALTIME does (timerfd_create(2)).
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "core/clock.hpp"

namespace renewd {

enum class Wake {
  reached,        // the moment has come
  clock_changed,  // somebody set the clock: everything must be decided anew
  cancelled,
};

class WallTimer {
 public:
  // Throws std::system_error when the kernel gives no timer: nothing works then.
  explicit WallTimer(const boost::asio::any_io_executor& executor);

  // A moment in the past is reached at once.
  boost::asio::awaitable<Wake> sleep_until(TimePoint moment);

 private:
  boost::asio::posix::stream_descriptor timer_;
};

}  // namespace renewd
