#include "commands/event_loop.hpp"

#include <signal.h>

#include <exception>
#include <utility>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>

namespace renewd::commands {

namespace asio = boost::asio;

EventLoop::EventLoop() : io_(1), stop_signals_(io_, SIGTERM, SIGINT) {}

void EventLoop::start(asio::awaitable<void> coroutine) {
  auto& cancellation = cancellations_.emplace_back();
  ++running_;
  asio::co_spawn(io_, std::move(coroutine),
                 asio::bind_cancellation_slot(cancellation.slot(), [this](std::exception_ptr thrown) {
                   if (thrown) {
                     std::rethrow_exception(thrown);
                   }
                   --running_;
                   stop_when_idle();
                 }));
}

bool EventLoop::run(std::function<void(const char* signal)> stopping) {
  bool stopped = false;
  stop_signals_.async_wait([&](const boost::system::error_code& error, int signal) {
    if (error) {
      return;
    }
    stopped = true;
    stopping(signal == SIGTERM ? "SIGTERM" : "SIGINT");
    for (auto& cancellation : cancellations_) {
      cancellation.emit(asio::cancellation_type::terminal);
    }
  });
  stop_when_idle();
  io_.run();
  return stopped;
}

// Nothing is left to run: waiting for a signal must not keep the loop alive.
void EventLoop::stop_when_idle() {
  if (running_ == 0) {
    stop_signals_.cancel();
  }
}

}  // namespace renewd::commands
