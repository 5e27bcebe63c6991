// A wall clock that somebody else sets: preloaded (LD_PRELOAD), it gives a program and its timers on CLOCK_REALTIME the
// time that the file FAST_CLOCK says (soak.py), and makes these timers tell when the clock was set. All other clocks
// and timers are the kernel's: a time limit of a request stays what it is.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <ctime>

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr long kTick = 10'000'000;  // how late a timer may be, in nanoseconds

// As soak.py writes it. The writer fills the other setting, and then names it.
struct Setting {
  std::int64_t wall;       // nanoseconds since 1970, at
  std::int64_t monotonic;  // this moment of CLOCK_MONOTONIC
  std::int64_t rate;       // by how much the wall clock is faster
  std::int64_t limit;      // where it stops until soak.py, which a busy machine may delay, has looked at the world
};
struct Clock {
  std::atomic<std::uint64_t> current;  // 0 or 1
  std::atomic<std::uint64_t> sets;     // how often it was set, other than made faster or slower
  std::array<Setting, 2> settings;
};

const Clock& shared_clock() {
  static const Clock* const clock = [] {
    const char* const file = std::getenv("FAST_CLOCK");  // NOLINT(concurrency-mt-unsafe): nobody sets it
    const int descriptor = file == nullptr ? -1 : ::open(file, O_RDONLY | O_CLOEXEC);
    void* const shared = ::mmap(nullptr, sizeof(Clock), PROT_READ, MAP_SHARED, descriptor, 0);
    if (shared == MAP_FAILED) {
      ::_exit(127);
    }
    ::close(descriptor);
    return static_cast<const Clock*>(shared);
  }();
  return *clock;
}

std::int64_t wall_time() {
  const Clock& clock = shared_clock();
  const Setting& setting = clock.settings.at(clock.current.load() & 1U);
  timespec now{};
  ::syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
  const std::int64_t passed = now.tv_sec * kSecond + now.tv_nsec - setting.monotonic;
  return std::min(setting.wall + passed * setting.rate, setting.limit);
}

struct Timer {
  std::atomic<std::int64_t> deadline;
  std::atomic<std::uint64_t> sets_seen;
  std::atomic<bool> armed;
};
std::array<Timer, 1024> timers;  // by descriptor

}  // namespace

extern "C" int clock_gettime(clockid_t clock, timespec* into) noexcept {
  if (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE) {
    return static_cast<int>(::syscall(SYS_clock_gettime, clock, into));
  }
  const std::int64_t now = wall_time();
  *into = {now / kSecond, now % kSecond};
  return 0;
}

extern "C" time_t time(time_t* into) noexcept {
  const time_t now = wall_time() / kSecond;
  if (into != nullptr) {
    *into = now;
  }
  return now;
}

extern "C" int gettimeofday(timeval* into, void* /*zone*/) noexcept {
  const std::int64_t now = wall_time();
  *into = {now / kSecond, now % kSecond / 1000};
  return 0;
}

// It ticks until its time has come: the clock may be set, or run at another rate, meanwhile.
extern "C" int timerfd_settime(int descriptor, int flags, const itimerspec* to, itimerspec* from) noexcept {
  if ((flags & TFD_TIMER_CANCEL_ON_SET) == 0) {
    return static_cast<int>(::syscall(SYS_timerfd_settime, descriptor, flags, to, from));
  }
  Timer& timer = timers.at(static_cast<std::size_t>(descriptor));
  timer.deadline =
      to->it_value.tv_sec > INT64_MAX / kSecond - 1 ? INT64_MAX : to->it_value.tv_sec * kSecond + to->it_value.tv_nsec;
  const itimerspec ticks{{0, kTick}, {0, kTick}};
  const long set = ::syscall(SYS_timerfd_settime, descriptor, 0, &ticks, nullptr);
  const std::uint64_t sets = shared_clock().sets.load();
  const bool was_set = timer.armed.exchange(true) && timer.sets_seen != sets;
  timer.sets_seen = sets;
  if (set == 0 && was_set) {
    errno = ECANCELED;
    return -1;
  }
  return static_cast<int>(set);
}

extern "C" ssize_t read(int descriptor, void* into, size_t size) {
  const ssize_t got = ::syscall(SYS_read, descriptor, into, size);
  if (got != sizeof(std::uint64_t) || descriptor < 0 || static_cast<std::size_t>(descriptor) >= timers.size()) {
    return got;
  }
  Timer& timer = timers.at(static_cast<std::size_t>(descriptor));
  if (!timer.armed) {
    return got;
  }
  const std::uint64_t sets = shared_clock().sets.load();
  if (timer.sets_seen.exchange(sets) != sets) {
    errno = ECANCELED;
    return -1;
  }
  if (wall_time() < timer.deadline) {
    errno = EAGAIN;
    return -1;
  }
  return got;
}
