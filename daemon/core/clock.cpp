#include "core/clock.hpp"

#include <time.h>

namespace renewd {

TimePoint host_started_at() {
  timespec running{};
  (void)::clock_gettime(CLOCK_BOOTTIME, &running);  // fails only for unknown clocks
  const auto since = std::chrono::seconds(running.tv_sec) + std::chrono::nanoseconds(running.tv_nsec);
  return std::chrono::time_point_cast<TimePoint::duration>(SystemClock().now() - since);
}

}  // namespace renewd
