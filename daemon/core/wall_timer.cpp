#include "core/wall_timer.hpp"

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <map>
#include <system_error>
#include <utility>

#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "core/as_tuple.hpp"

namespace renewd {
namespace {

namespace asio = boost::asio;

int make_timer() {
  const int fd = ::timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
  if (fd < 0) {
    throw std::system_error(errno, std::generic_category(), "timerfd_create");
  }
  return fd;
}

// Returns false if the clock was set since the timer was last read; the timer is armed nevertheless (timerfd_create(2),
// NOTES).
bool arm(int fd, TimePoint moment) {
  const auto since_epoch = moment.time_since_epoch();
  // Zero would disarm the timer, and a negative time is invalid.
  const auto whole = std::max(std::chrono::floor<std::chrono::seconds>(since_epoch), std::chrono::seconds(1));
  const auto rest = std::chrono::duration_cast<std::chrono::nanoseconds>(since_epoch - whole);
  itimerspec deadline{};
  deadline.it_value.tv_sec = whole.count();
  deadline.it_value.tv_nsec = std::clamp<std::int64_t>(rest.count(), 0, 999'999'999);
  if (::timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &deadline, nullptr) == 0) {
    return true;
  }
  if (errno == ECANCELED) {
    return false;
  }
  throw std::system_error(errno, std::generic_category(), "timerfd_settime");
}

}  // namespace

// The sleeping timers of an event loop. The descriptor is armed for the first of them.
class WallTimers final : public asio::execution_context::service {
 public:
  using key_type = WallTimers;  // for use_service()
  inline static asio::execution_context::id id;
  using Sleepers = std::multimap<TimePoint, WallTimer*>;

  explicit WallTimers(asio::execution_context& context)
      : service(context), timer_(static_cast<asio::io_context&>(context), make_timer()) {
    rearm();  // also detects clock changes before the first sleep
  }

  static WallTimers& of(const asio::any_io_executor& executor) {
    return asio::use_service<WallTimers>(asio::query(executor, asio::execution::context));
  }

  std::uint64_t clock_sets() const { return clock_sets_; }

  Sleepers::iterator add(TimePoint moment, WallTimer& timer) {
    const auto added = sleepers_.emplace(moment, &timer);
    rearm();  // even if this is not the first, to detect clock changes
    listen();
    return added;
  }

  void remove(Sleepers::iterator sleeper) {
    const bool was_first = sleeper == sleepers_.begin();
    sleepers_.erase(sleeper);
    if (!timer_.is_open()) {
      return;
    }
    if (sleepers_.empty()) {
      timer_.cancel();  // do not keep the event loop running
    }
    if (was_first) {
      rearm();
    }
  }

 private:
  void shutdown() noexcept override {
    boost::system::error_code ignored;
    timer_.close(ignored);
  }

  void rearm() {
    armed_for_ = sleepers_.empty() ? TimePoint::max() : sleepers_.begin()->first;
    if (!arm(timer_.native_handle(), armed_for_)) {
      clock_was_set();
    }
  }

  void clock_was_set() {
    ++clock_sets_;
    for (const auto& [moment, timer] : sleepers_) {
      timer->woken_.try_send(boost::system::error_code(), Wake::clock_changed);
    }
  }

  void listen() {
    if (listening_ || sleepers_.empty()) {
      return;
    }
    listening_ = true;
    timer_.async_wait(asio::posix::descriptor_base::wait_read, [this](const boost::system::error_code& error) {
      listening_ = false;
      if (!error) {
        read();
      }
      listen();  // also after a cancellation: there may be a new sleeper
    });
  }

  void read() {
    std::uint64_t expirations = 0;
    const ssize_t n = ::read(timer_.native_handle(), &expirations, sizeof expirations);
    if (n < 0 && errno == ECANCELED) {
      clock_was_set();
    } else if (n == sizeof expirations) {
      const auto end = sleepers_.upper_bound(armed_for_);
      for (auto sleeper = sleepers_.begin(); sleeper != end; ++sleeper) {
        sleeper->second->woken_.try_send(boost::system::error_code(), Wake::reached);
      }
    }
    // Otherwise EAGAIN, a spurious wake-up. The sleepers that were woken remove themselves, which arms the timer again.
  }

  asio::posix::stream_descriptor timer_;
  Sleepers sleepers_;
  TimePoint armed_for_;
  std::uint64_t clock_sets_ = 0;
  bool listening_ = false;
};

WallTimer::WallTimer(const asio::any_io_executor& executor)
    : timers_(WallTimers::of(executor)), clock_sets_seen_(timers_.clock_sets()), woken_(executor) {}

asio::awaitable<Wake> WallTimer::sleep_until(TimePoint moment) {
  struct Sleep {
    ~Sleep() { timers.remove(sleeper); }
    WallTimers& timers;
    WallTimers::Sleepers::iterator sleeper;
  };
  const Sleep sleep{timers_, timers_.add(moment, *this)};
  Wake woken = Wake::clock_changed;
  if (clock_sets_seen_ == timers_.clock_sets()) {
    const auto [error, wake] = co_await woken_.async_receive(kAsTuple);
    woken = error ? Wake::cancelled : wake;
  }
  if (woken == Wake::clock_changed) {
    clock_sets_seen_ = timers_.clock_sets();
  }
  co_return woken;
}

}  // namespace renewd
