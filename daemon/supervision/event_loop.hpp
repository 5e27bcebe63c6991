// The event loop of a command: runs coroutines until they end, and cancels them on any signal that would otherwise end
// the process half-way and leave its children running: SIGTERM, SIGINT, SIGHUP of a closed terminal, …
#pragma once

#include <chrono>
#include <functional>
#include <list>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

namespace renewd::supervision {

// Time for the log to be written before a forced exit; less than the second after which SIGALRM ends the process.
inline constexpr std::chrono::milliseconds kCutOffFlush{500};

class EventLoop {
 public:
  using Log = std::function<void(std::string_view message)>;

  // If the work has not ended `grace` after the signal (blocking work cannot be cancelled), the process exits with
  // `cut_off_status`. That is safe, like a crash at any other moment.
  explicit EventLoop(int cut_off_status = EXIT_FAILURE, std::chrono::milliseconds grace = std::chrono::seconds(3));

  boost::asio::any_io_executor executor() { return io_.get_executor(); }

  // Starts a coroutine, which a stop signal cancels. run() rethrows its exceptions.
  void start(boost::asio::awaitable<void> coroutine);
  // From now on SIGHUP calls `hung_up` instead of stopping the loop: at once for the first, then at most once a second,
  // and always after the last one.
  void on_hangup(std::function<void()> hung_up);
  // Runs until every coroutine has ended, and unblocks SIGHUP (signals.hpp). Returns whether a signal arrived. Calls
  // `stopping` with a message for the log when one arrives, and `cut_off`, on another thread, before a forced exit.
  bool run(const Log& stopping, const Log& cut_off);
  bool run(const Log& both) { return run(both, both); }

 private:
  void wait_for_hangup();
  void act_on_hangup();
  void wait_for_stop(const Log& stopping, const Log& cut_off);
  void stop_when_idle();

  boost::asio::io_context io_;
  boost::asio::signal_set hangup_signal_;
  boost::asio::steady_timer hangup_pause_;
  bool hangup_pending_ = false;  // until the pause ends
  // Runs on a separate thread, because the loop may be busy when a signal arrives.
  boost::asio::io_context signal_io_;
  boost::asio::signal_set stop_signals_;
  boost::asio::steady_timer cut_off_;
  bool stopped_ = false;
  int cut_off_status_;
  std::chrono::milliseconds grace_;
  std::function<void()> hung_up_;
  // One for each coroutine. A list, because the coroutines refer to their slots.
  std::list<boost::asio::cancellation_signal> cancellations_;
};

}  // namespace renewd::supervision
