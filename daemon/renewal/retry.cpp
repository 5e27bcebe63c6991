#include "renewal/retry.hpp"

#include <algorithm>

namespace renewd::renewal {
namespace {

using std::chrono::seconds;

constexpr std::chrono::hours kDay{24};

// Whether the failure may pass by itself, so that an early second try is worth it.
bool may_pass_soon(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::dns:
    case ErrorKind::connect:
    case ErrorKind::proxy:
    case ErrorKind::timeout:
    case ErrorKind::rate_limited:
    case ErrorKind::server_error:
    case ErrorKind::disk:
    case ErrorKind::gateway:
    case ErrorKind::fleet:
    case ErrorKind::cancelled:
    case ErrorKind::busy:
      return true;
    case ErrorKind::tls:
    case ErrorKind::unauthorized:
    case ErrorKind::client_error:
    case ErrorKind::bad_answer:
      return false;
  }
  return false;
}

}  // namespace

TimePoint next_attempt(const FailedAttempt& attempt, const configuration::ScheduleSettings& schedule,
                       TimePoint not_after, TimePoint now, double jitter) {
  const seconds least = schedule.retry_at_least;
  const seconds most = std::max(schedule.retry_at_most, least);
  seconds bound = most;
  if (may_pass_soon(attempt.kind)) {
    bound = least;
    for (unsigned i = 0; i < attempt.consecutive && bound < most; ++i) {
      bound *= 2;
    }
    bound = std::min(bound, most);
  }
  seconds delay = least + seconds(static_cast<seconds::rep>(static_cast<double>((bound - least).count()) * jitter));
  if (not_after > now) {
    delay = std::min(delay, std::chrono::floor<seconds>(not_after - now) / 8);
  }
  if (attempt.retry_after) {
    delay = std::max(delay, std::min(*attempt.retry_after, most));
  }
  return now + std::max(delay, least);
}

void RequestBudget::spend(TimePoint now) {
  spent_.push_back(now);
  if (spent_.size() > per_day_) {
    spent_.pop_front();
  }
}

TimePoint RequestBudget::allowed_at(TimePoint now) const {
  if (spent_.size() < per_day_) {
    return now;
  }
  return std::max(now, spent_.front() + kDay);
}

void RequestBudget::clock_was_set(TimePoint now) {
  for (auto& spent : spent_) {
    spent = std::min(spent, now);
  }
}

}  // namespace renewd::renewal
