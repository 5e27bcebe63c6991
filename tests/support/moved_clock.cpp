// Another wall clock for one program: preloaded (LD_PRELOAD), it adds MOVED_CLOCK seconds to CLOCK_REALTIME, also where
// a timerfd waits for a moment of it. System calls and nothing else, so that it gets on with the sanitizers, which
// libfaketime does not.
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>

namespace {

time_t moved_by() {
  static const time_t seconds = [] {
    const char* const text = std::getenv("MOVED_CLOCK");
    return text == nullptr ? 0 : static_cast<time_t>(std::strtoll(text, nullptr, 10));
  }();
  return seconds;
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* now) noexcept {
  const long result = ::syscall(SYS_clock_gettime, clock, now);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
    now->tv_sec += moved_by();
  }
  return static_cast<int>(result);
}

time_t time(time_t* where) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (where != nullptr) {
    *where = now.tv_sec;
  }
  return now.tv_sec;
}

int gettimeofday(timeval* now, void*) noexcept {
  timespec precise{};
  clock_gettime(CLOCK_REALTIME, &precise);
  *now = {precise.tv_sec, precise.tv_nsec / 1000};
  return 0;
}

int timerfd_settime(int timer, int flags, const itimerspec* moment, itimerspec* before) noexcept {
  itimerspec real = *moment;
  if ((flags & TFD_TIMER_ABSTIME) != 0 && real.it_value.tv_sec > moved_by()) {
    real.it_value.tv_sec -= moved_by();
  }
  return static_cast<int>(::syscall(SYS_timerfd_settime, timer, flags, &real, before));
}
}
