// The event loop of a command: runs coroutines until they end, and tells them to stop on SIGTERM and SIGINT.
#pragma once

#include <functional>
#include <list>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

namespace renewd::commands {

class EventLoop {
 public:
  EventLoop();

  boost::asio::any_io_executor executor() { return io_.get_executor(); }

  // Starts a coroutine; it is cancelled when the loop is told to stop. An exception that leaves it leaves run().
  void start(boost::asio::awaitable<void> coroutine);
  // Calls `hung_up` at each SIGHUP from now on, until the loop is told to stop; without it, SIGHUP ends the process.
  // The first one acts at once; after that `hung_up` is called at most once a second, and always after the last of
  // them.
  void on_hangup(std::function<void()> hung_up);
  // Runs until every coroutine has ended. `stopping` is called once, with the signal's name, when a signal arrives.
  // Returns whether one did.
  bool run(std::function<void(const char* signal)> stopping);

 private:
  void wait_for_hangup();
  void act_on_hangup();
  void stop_when_idle();

  boost::asio::io_context io_;
  boost::asio::signal_set stop_signals_;
  boost::asio::signal_set hangup_signal_;
  boost::asio::steady_timer hangup_pause_;
  bool hangup_waits_ = false;  // for the pause to end
  bool stopping_ = false;
  std::function<void()> hung_up_;
  // One for each coroutine that runs. A list: they hold on to the slots.
  std::list<boost::asio::cancellation_signal> cancellations_;
};

}  // namespace renewd::commands
