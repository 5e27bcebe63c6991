// What a supervisor waits for between two checks.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/experimental/channel.hpp>

#include "core/clock.hpp"
#include "core/wall_timer.hpp"
#include "keystore/store.hpp"

namespace renewd::supervision {

enum class Woken { by_time, by_clock_change, by_keystore, by_interruption, by_cancellation };

class Sleep {
 public:
  // `store` must outlive this object.
  Sleep(const boost::asio::any_io_executor& executor, keystore::Store& store);

  // Until that moment of the wall clock at the latest.
  boost::asio::awaitable<Woken> until(TimePoint time);
  // Ends the sleep, or the next one.
  void interrupt();

 private:
  keystore::Store& store_;
  WallTimer timer_;
  // Not a timer without expiry: Asio wakes up for those every five minutes.
  boost::asio::experimental::channel<void(boost::system::error_code)> interruption_;
};

}  // namespace renewd::supervision
