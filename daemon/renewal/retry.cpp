#include "renewal/retry.hpp"

#include <algorithm>

namespace renewd::renewal {
namespace {

using std::chrono::seconds;

constexpr std::chrono::hours kDay{24};

seconds upper_bound(const FailedAttempt& attempt, seconds least, seconds most) {
  if (retry_rule(attempt.kind).pace == Pace::slow) {
    return most;
  }
  seconds bound = least;
  for (unsigned i = 0; i < attempt.consecutive && bound < most; ++i) {
    bound *= 2;
  }
  return std::min(bound, most);
}

}  // namespace

RetryRule retry_rule(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::dns:
      return {Pace::soon, "name servers and links come back"};
    case ErrorKind::connect:
      return {Pace::soon, "servers and links come back"};
    case ErrorKind::proxy:
      return {Pace::soon, "proxies are restarted"};
    case ErrorKind::timeout:
      return {Pace::soon, "a loaded server catches up"};
    case ErrorKind::rate_limited:
      return {Pace::soon, "the server says when"};
    case ErrorKind::server_error:
      return {Pace::soon, "the server is mended or restarted"};
    case ErrorKind::disk:
      return {Pace::soon, "space is made; the answer, if there is one, is kept"};
    case ErrorKind::gateway:
      return {Pace::soon, "the gateway may be down until it is tried again"};
    case ErrorKind::fleet:
      return {Pace::soon, "the cluster elects another leader"};
    case ErrorKind::tls:
      return {Pace::slow, "a certificate or a trust store must be changed"};
    case ErrorKind::unauthorized:
      return {Pace::slow, "a token must be made"};
    case ErrorKind::client_error:
      return {Pace::slow, "the URL or the account must be put right"};
    case ErrorKind::bad_answer:
      return {Pace::slow, "another answer must be had, and each request may make a certificate"};
    case ErrorKind::cancelled:
      return {Pace::never, "we were told to stop"};
    case ErrorKind::busy:
      return {Pace::never, "another process is at it"};
  }
  return {Pace::slow, ""};
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
  // Expired is an outage: as often as the cap on requests allows.
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

}  // namespace renewd::renewal
