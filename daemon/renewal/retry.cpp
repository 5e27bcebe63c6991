#include "renewal/retry.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/text.hpp"

namespace renewd::renewal {
namespace {

using std::chrono::seconds;

constexpr std::chrono::hours kDay{24};

seconds upper_bound(const FailedAttempt& attempt, seconds least, seconds most) {
  if (retry_pace(attempt.kind) == Pace::slow) {
    return most;
  }
  seconds bound = least;
  for (unsigned i = 0; i < attempt.consecutive && bound < most; ++i) {
    bound *= 2;
  }
  return std::min(bound, most);
}

}  // namespace

Pace retry_pace(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::dns:
    case ErrorKind::connect:
    case ErrorKind::proxy:
    case ErrorKind::timeout:
    case ErrorKind::rate_limited:
    case ErrorKind::server_error:
    case ErrorKind::disk:
    case ErrorKind::gateway:  // it may be down until it is activated again
    case ErrorKind::fleet:
      return Pace::soon;
    case ErrorKind::tls:
    case ErrorKind::unauthorized:
    case ErrorKind::client_error:
    case ErrorKind::bad_answer:  // each further request may issue another certificate
      return Pace::slow;
    case ErrorKind::cancelled:
    case ErrorKind::busy:
      return Pace::never;
  }
  return Pace::slow;
}

TimePoint next_attempt(const FailedAttempt& attempt, const configuration::ScheduleSettings& schedule,
                       TimePoint not_after, TimePoint now, double jitter) {
  const seconds least = schedule.retry_at_least;
  const seconds most = std::max(schedule.retry_at_most, least);
  const seconds span = upper_bound(attempt, least, most) - least;
  seconds delay = least + seconds(static_cast<seconds::rep>(static_cast<double>(span.count()) * jitter));
  if (attempt.retry_after) {
    delay = std::max(delay, std::min(*attempt.retry_after, most));
  }
  // An expired certificate is an outage: retry as often as the cap on requests allows.
  const seconds soonest = not_after > now ? std::chrono::floor<seconds>(not_after - now) / 8
                                          : seconds(kDay) / std::max(schedule.requests_per_day, 1U);
  delay = std::min(delay, soonest);
  return now + std::max(delay, least);
}

TimePoint request_allowed_at(const std::vector<TimePoint>& requests, unsigned per_day, TimePoint now) {
  if (requests.size() < per_day) {
    return now;
  }
  return std::max(now, requests[requests.size() - per_day] + kDay);
}

std::string request_limit_reached(unsigned per_day, TimePoint allowed_at) {
  return fmt::format("daily request limit of {} reached (schedule.requests_per_day); next request allowed at {}",
                     per_day, format_time(allowed_at));
}

}  // namespace renewd::renewal
