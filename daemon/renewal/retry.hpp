// When to try again after a failure. Pure; the jitter comes in as a number.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "configuration/settings.hpp"
#include "core/clock.hpp"
#include "core/error.hpp"

namespace renewd::renewal {

enum class Pace {
  soon,   // it may resolve itself: from retry_at_least on, doubling
  slow,   // an operator must fix it: up to retry_at_most from the first failure on
  never,  // it is not a failure of the renewal
};

// docs/events.md has the same table.
Pace retry_pace(ErrorKind kind);

struct FailedAttempt {
  ErrorKind kind;
  unsigned consecutive;  // this failure included: 1 for the first
  std::optional<std::chrono::seconds> retry_after;
};

// Full jitter: a delay between retry_at_least and a bound that doubles with each failure in a row, up to retry_at_most;
// at a slow pace the bound is retry_at_most from the start. The server's Retry-After is honoured up to retry_at_most.
// The delay is at most an eighth of the time left until `not_after` (after that: what requests_per_day allows), and at
// least retry_at_least. `jitter` is uniform in [0, 1).
TimePoint next_attempt(const FailedAttempt& attempt, const configuration::ScheduleSettings& schedule,
                       TimePoint not_after, TimePoint now, double jitter);

// When the next request is allowed: `now`, or as soon as fewer than `per_day` are younger than a day. `requests`:
// oldest first.
TimePoint request_allowed_at(const std::vector<TimePoint>& requests, unsigned per_day, TimePoint now);
// The message until then.
std::string request_limit_reached(unsigned per_day, TimePoint allowed_at);

}  // namespace renewd::renewal
