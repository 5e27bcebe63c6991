// When to try again after a failure. Pure; the jitter comes in as a number.
#pragma once

#include <chrono>
#include <deque>

#include "configuration/settings.hpp"
#include "core/clock.hpp"
#include "core/error.hpp"

namespace renewd::renewal {

struct FailedAttempt {
  ErrorKind kind;
  unsigned consecutive;  // this failure included: 1 for the first
  std::optional<std::chrono::seconds> retry_after;
};

// Full jitter: a moment between retry_at_least and a bound that doubles with each failure in a row, up to
// retry_at_most; the kinds that a person must mend start at that upper bound. Never later than an eighth of what is
// left until `not_after`, and never sooner than retry_at_least or the server's Retry-After (itself bounded by
// retry_at_most). `jitter` is uniform in [0, 1).
TimePoint next_attempt(const FailedAttempt& attempt, const configuration::ScheduleSettings& schedule,
                       TimePoint not_after, TimePoint now, double jitter);

// Counts the requests of one certificate against requests_per_day.
class RequestBudget {
 public:
  explicit RequestBudget(unsigned per_day) : per_day_(per_day) {}

  void spend(TimePoint now);
  // When the next request is allowed: `now`, or the moment the oldest of the last day's requests is a day old.
  TimePoint allowed_at(TimePoint now) const;
  // The clock was set back: requests in the future were not made then, and count as made now.
  void clock_was_set(TimePoint now);

 private:
  unsigned per_day_;
  std::deque<TimePoint> spent_;  // oldest first, at most per_day_
};

}  // namespace renewd::renewal
