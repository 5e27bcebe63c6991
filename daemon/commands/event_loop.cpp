#include "commands/event_loop.hpp"

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

#include "commands/signals.hpp"

namespace renewd::commands {

namespace asio = boost::asio;

namespace {

// From one reload to the next: a flood of signals costs no more than this.
constexpr std::chrono::seconds kHangupPause{1};

// A cancellation is seen where it is asked for (core/cancellation), never as an exception out of the next await.
asio::awaitable<void> without_throwing(asio::awaitable<void> coroutine) {
  co_await asio::this_coro::throw_if_cancelled(false);
  co_await std::move(coroutine);
}

}  // namespace

EventLoop::EventLoop(int cut_off_status, std::chrono::milliseconds grace)
    : io_(1),
      hangup_signal_(io_),
      hangup_pause_(io_),
      watch_(1),
      stop_signals_(watch_, SIGTERM),
      cut_off_(watch_),
      cut_off_status_(cut_off_status),
      grace_(grace) {
  for (const int signal : kEndingSignals) {
    // As nohup(1) has it, and a shell for what it starts in the background.
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
  stop_signals_.remove(SIGHUP);
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
    if (error || stopped_) {
      return;
    }
    hangup_waits_ = false;
    hung_up_();
    hangup_pause_.expires_after(kHangupPause);
  });
}

bool EventLoop::run(const Log& stopping, const Log& cut_off) {
  wait_for_stop(stopping, cut_off);
  release_hangup();
  // Ends also when an exception leaves the loop.
  struct Watcher {
    ~Watcher() {
      watch.stop();
      thread.join();
    }
    asio::io_context& watch;
    std::thread thread{[this] { watch.run(); }};
  };
  {
    const Watcher watcher{.watch = watch_};
    stop_when_idle();
    io_.run();
  }
  // What is still to be printed can be ended again: its reader may have stopped reading.
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
      stopping(fmt::format("told to stop by SIG{}", ::sigabbrev_np(signal)));
      for (auto& cancellation : cancellations_) {
        cancellation.emit(asio::cancellation_type::terminal);
      }
    });
    cut_off_.expires_after(grace_);
    cut_off_.async_wait([&, this](const boost::system::error_code&) {
      // Whoever holds the log up must not hold this up.
      ::signal(SIGALRM, SIG_DFL);
      ::alarm(1);
      cut_off("stopping now: the work in progress did not end in time; the next start resumes it");
      std::_Exit(cut_off_status_);  // without destructors, which would wait for it
    });
  });
}

// Nothing is left to run: waiting for SIGHUP must not keep the loop alive.
void EventLoop::stop_when_idle() {
  if (cancellations_.empty()) {
    hangup_signal_.cancel();
    hangup_pause_.cancel();
  }
}

}  // namespace renewd::commands
