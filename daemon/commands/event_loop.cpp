#include "commands/event_loop.hpp"

#include <signal.h>

#include <chrono>
#include <exception>
#include <utility>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

namespace renewd::commands {

namespace asio = boost::asio;

namespace {

// From one reload to the next: whoever sends signals as fast as he can costs no more than this.
constexpr std::chrono::seconds kHangupPause{1};

// A cancellation is seen where it is asked for (core/cancellation), never as an exception out of the next await.
asio::awaitable<void> without_throwing(asio::awaitable<void> coroutine) {
  co_await asio::this_coro::throw_if_cancelled(false);
  co_await std::move(coroutine);
}

}  // namespace

EventLoop::EventLoop() : io_(1), stop_signals_(io_, SIGTERM, SIGINT), hangup_signal_(io_), hangup_pause_(io_) {}

void EventLoop::start(asio::awaitable<void> coroutine) {
  const auto cancellation = cancellations_.emplace(cancellations_.end());
  asio::co_spawn(io_, without_throwing(std::move(coroutine)),
                 asio::bind_cancellation_slot(cancellation->slot(), [this, cancellation](std::exception_ptr thrown) {
                   if (thrown) {
                     std::rethrow_exception(thrown);
                   }
                   // Not from inside: the slot holds on to this handler.
                   asio::post(io_, [this, cancellation] {
                     cancellations_.erase(cancellation);
                     stop_when_idle();
                   });
                 }));
}

void EventLoop::on_hangup(std::function<void()> hung_up) {
  hung_up_ = std::move(hung_up);
  hangup_pause_.expires_at(std::chrono::steady_clock::time_point::min());
  hangup_signal_.add(SIGHUP);
  wait_for_hangup();
}

void EventLoop::wait_for_hangup() {
  hangup_signal_.async_wait([this](const boost::system::error_code& error, int) {
    if (error) {
      return;
    }
    // Those that come while one is waiting are that one: it is acted on after the last of them.
    if (!std::exchange(hangup_waits_, true)) {
      act_on_hangup();
    }
    wait_for_hangup();
  });
}

void EventLoop::act_on_hangup() {
  hangup_pause_.async_wait([this](const boost::system::error_code& error) {
    if (error || stopping_) {
      return;
    }
    hangup_waits_ = false;
    hung_up_();
    hangup_pause_.expires_after(kHangupPause);
  });
}

bool EventLoop::run(std::function<void(const char* signal)> stopping) {
  stop_signals_.async_wait([&](const boost::system::error_code& error, int signal) {
    if (error) {
      return;
    }
    stopping_ = true;
    hangup_pause_.cancel();
    stopping(signal == SIGTERM ? "SIGTERM" : "SIGINT");
    for (auto& cancellation : cancellations_) {
      cancellation.emit(asio::cancellation_type::terminal);
    }
  });
  stop_when_idle();
  io_.run();
  return stopping_;
}

// Nothing is left to run: waiting for a signal must not keep the loop alive.
void EventLoop::stop_when_idle() {
  if (cancellations_.empty()) {
    stop_signals_.cancel();
    hangup_signal_.cancel();
    hangup_pause_.cancel();
  }
}

}  // namespace renewd::commands
