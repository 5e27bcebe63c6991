// The event loop of a command: runs coroutines until they end, and tells them to stop on any signal that would
// otherwise end the process half-way, with what it has started still running: SIGTERM, SIGINT, SIGHUP of a lost
// terminal, …
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

#include "commands/exit_status.hpp"

namespace renewd::commands {

// What a cut-off gives the log: less than the second after which nothing holds the process up any more.
inline constexpr std::chrono::milliseconds kCutOffFlush{500};

class EventLoop {
 public:
  using Log = std::function<void(std::string_view message)>;

  // What has not come to its end `grace` after the signal (work that blocks is never cancelled) ends with the process,
  // at once and with `cut_off_status`: a crash at any moment is safe.
  explicit EventLoop(int cut_off_status = kFailure, std::chrono::milliseconds grace = std::chrono::seconds(3));

  boost::asio::any_io_executor executor() { return io_.get_executor(); }

  // Starts a coroutine; it is cancelled when the loop is told to stop. An exception that leaves it leaves run().
  void start(boost::asio::awaitable<void> coroutine);
  // Calls `hung_up` at each SIGHUP from now on, until the loop is told to stop; without it, SIGHUP stops the loop.
  // The first one acts at once; after that `hung_up` is called at most once a second, and always after the last of
  // them.
  void on_hangup(std::function<void()> hung_up);
  // Runs until every coroutine has ended; from here on SIGHUP is no longer held (signals.hpp). `stopping` is called
  // with what to log when a signal arrives. `cut_off`, on another thread, is called with the same when the process is
  // about to end without the loop. Returns whether a signal arrived.
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
  bool hangup_waits_ = false;  // for the pause to end
  // Runs on a thread of its own, so that a signal is seen while the loop is busy.
  boost::asio::io_context watch_;
  boost::asio::signal_set stop_signals_;
  boost::asio::steady_timer cut_off_;
  bool stopped_ = false;
  int cut_off_status_;
  std::chrono::milliseconds grace_;
  std::function<void()> hung_up_;
  // One for each coroutine that runs. A list: they hold on to the slots.
  std::list<boost::asio::cancellation_signal> cancellations_;
};

}  // namespace renewd::commands
