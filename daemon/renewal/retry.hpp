// When to try again after a failure. Pure; the jitter comes in as a number.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>
#include <vector>

#include "configuration/settings.hpp"
#include "core/clock.hpp"
#include "core/error.hpp"

namespace renewd::renewal {

enum class Pace {
  soon,   // it may pass by itself: from retry_at_least on, doubling
  slow,   // a person must mend it: up to retry_at_most from the first failure on
  never,  // it is no failure of the renewal
};

// The rule of one class of failures. docs/events.md has the same table.
struct RetryRule {
  Pace pace;
  std::string_view why;
};
RetryRule retry_rule(ErrorKind kind);

struct FailedAttempt {
  ErrorKind kind;
  unsigned consecutive;  // this failure included: 1 for the first
  std::optional<std::chrono::seconds> retry_after;
};

// Full jitter: a moment between retry_at_least and a bound that doubles with each failure in a row, up to
// retry_at_most; at a slow pace it is retry_at_most from the start. The server's Retry-After is kept, bounded by
// retry_at_most. Nothing of this is later than an eighth of what is left until `not_after` (or, once that is over, than
// requests_per_day allow), and nothing sooner than retry_at_least. `jitter` is uniform in [0, 1).
TimePoint next_attempt(const FailedAttempt& attempt, const configuration::ScheduleSettings& schedule,
                       TimePoint not_after, TimePoint now, double jitter);

// When the next request is allowed: `now`, or the moment when fewer than `per_day` of them are younger than a day.
// `requests`: oldest first.
TimePoint request_allowed_at(const std::vector<TimePoint>& requests, unsigned per_day, TimePoint now);

}  // namespace renewd::renewal
