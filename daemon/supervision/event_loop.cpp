#include "supervision/event_loop.hpp"

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <thread>
#include <utility>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include "supervision/signals.hpp"

namespace renewd::supervision {

namespace asio = boost::asio;

namespace {

// Between two reloads, whatever number of signals arrives.
constexpr std::chrono::seconds kHangupPause{1};

// stop_requested() (core/cancellation) reports a cancellation; the next await must not throw it.
asio::awaitable<void> without_throwing(asio::awaitable<void> coroutine) {
  co_await asio::this_coro::throw_if_cancelled(false);
  co_await std::move(coroutine);
}

}  // namespace

EventLoop::EventLoop(int cut_off_status, std::chrono::milliseconds grace)
    : io_(1),
      hangup_signal_(io_),
      hangup_pause_(io_),
      signal_io_(1),
      stop_signals_(signal_io_, SIGTERM),
      cut_off_(signal_io_),
      cut_off_status_(cut_off_status),
      grace_(grace) {
  for (const int signal : kEndingSignals) {
    // nohup(1) and shells ignore signals on behalf of the program.
    if (!is_ignored(signal)) {
      stop_signals_.add(signal);
    }
  }
}

void EventLoop::start(asio::awaitable<void> coroutine) {
  const auto cancellation = cancellations_.emplace(cancellations_.end());
  asio::co_spawn(io_, without_throwing(std::move(coroutine)),
                 asio::bind_cancellation_slot(cancellation->slot(), [this, cancellation](std::exception_ptr thrown) {
                   if (thrown) {
                     std::rethrow_exception(thrown);
                   }
                   // Later, because the slot still refers to this handler.
                   asio::post(io_, [this, cancellation] {
                     cancellations_.erase(cancellation);
                     stop_when_idle();
                   });
                 }));
}

void EventLoop::on_hangup(std::function<void()> hung_up) {
  hung_up_ = std::move(hung_up);
  hangup_pause_.expires_at(std::chrono::steady_clock::time_point::min());
  stop_signals_.remove(SIGHUP);
  hangup_signal_.add(SIGHUP);
  wait_for_hangup();
}

void EventLoop::wait_for_hangup() {
  hangup_signal_.async_wait([this](const boost::system::error_code& error, int) {
    if (error) {
      return;
    }
    // Further signals during the pause are covered by the same call, which follows the last of them.
    if (!std::exchange(hangup_pending_, true)) {
      act_on_hangup();
    }
    wait_for_hangup();
  });
}

void EventLoop::act_on_hangup() {
  hangup_pause_.async_wait([this](const boost::system::error_code& error) {
    if (error || stopped_) {
      return;
    }
    hangup_pending_ = false;
    hung_up_();
    hangup_pause_.expires_after(kHangupPause);
  });
}

bool EventLoop::run(const Log& stopping, const Log& cut_off) {
  wait_for_stop(stopping, cut_off);
  unblock_hangup();
  // Joins even when an exception leaves the loop.
  struct SignalThread {
    ~SignalThread() {
      io.stop();
      thread.join();
    }
    asio::io_context& io;
    std::thread thread{[this] { io.run(); }};
  };
  {
    const SignalThread signal_thread{.io = signal_io_};
    stop_when_idle();
    io_.run();
  }
  // A signal may end the process again: the reader of the final output may block.
  boost::system::error_code ignored;
  stop_signals_.clear(ignored);
  return stopped_;
}

void EventLoop::wait_for_stop(const Log& stopping, const Log& cut_off) {
  stop_signals_.async_wait([&, this](const boost::system::error_code& error, int signal) {
    if (error) {
      return;
    }
    asio::post(io_, [&, this, signal] {
      stopped_ = true;
      hangup_pause_.cancel();
      stopping(fmt::format("stopping: received SIG{}", ::sigabbrev_np(signal)));
      for (auto& cancellation : cancellations_) {
        cancellation.emit(asio::cancellation_type::terminal);
      }
    });
    cut_off_.expires_after(grace_);
    cut_off_.async_wait([&, this](const boost::system::error_code&) {
      // A blocked log must not delay the exit.
      (void)::signal(SIGALRM, SIG_DFL);
      ::alarm(1);
      cut_off("stopping at once: the work in progress did not end in time; the next run resumes it");
      std::_Exit(cut_off_status_);  // destructors would wait for the work
    });
  });
}

// Waiting for SIGHUP must not keep the loop alive.
void EventLoop::stop_when_idle() {
  if (cancellations_.empty()) {
    hangup_signal_.cancel();
    hangup_pause_.cancel();
  }
}

}  // namespace renewd::supervision
