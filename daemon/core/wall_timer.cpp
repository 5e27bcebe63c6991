#include "core/wall_timer.hpp"

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <system_error>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

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

// Returns false when the clock has been set since the timer was last read: the kernel tells it here, too, and the timer
// is armed all the same (timerfd_create(2), NOTES).
bool arm(int fd, TimePoint moment) {
  const auto since_epoch = moment.time_since_epoch();
  // Zero would disarm the timer, and the kernel refuses a time before the epoch.
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

WallTimer::WallTimer(const asio::any_io_executor& executor) : timer_(executor, make_timer()) {
  // From here on the kernel tells of a clock that is set, also before the first sleep.
  (void)arm(timer_.native_handle(), TimePoint::max());
}

asio::awaitable<Wake> WallTimer::sleep_until(TimePoint moment) {
  if (!arm(timer_.native_handle(), moment)) {
    co_return Wake::clock_changed;
  }
  while (true) {
    auto [error] =
        co_await timer_.async_wait(asio::posix::descriptor_base::wait_read, asio::as_tuple(asio::use_awaitable));
    if (error) {
      co_return Wake::cancelled;
    }
    std::uint64_t expirations = 0;
    const ssize_t n = ::read(timer_.native_handle(), &expirations, sizeof expirations);
    if (n == sizeof expirations) {
      co_return Wake::reached;
    }
    if (n < 0 && errno == ECANCELED) {
      co_return Wake::clock_changed;
    }
    // EAGAIN: a wake-up without a cause; wait on.
  }
}

}  // namespace renewd
