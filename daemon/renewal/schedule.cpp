#include "renewal/schedule.hpp"

#include <algorithm>
#include <array>
#include <random>
#include <utility>

#include <fmt/format.h>

#include "core/text.hpp"

namespace renewd::renewal {
namespace {

constexpr std::array<int, 5> kDaysAnnounced{1, 3, 7, 14, 30};

}  // namespace

Unfinished stage_of(const std::optional<state::JournalEntry>& entry, bool answer_is_stored) {
  if (entry && entry->is_at_gateway()) {
    return Unfinished::installed;
  }
  const bool answered = entry && entry->waits_for_installation();
  return answered || answer_is_stored ? Unfinished::answered : Unfinished::none;
}

Schedule::Schedule(const configuration::CertificateSettings& certificate, configuration::ScheduleSettings schedule,
                   std::chrono::seconds offset, state::RetryState attempts, std::uint64_t seed)
    : certificate_(certificate), schedule_(schedule), offset_(offset), attempts_(std::move(attempts)), seed_(seed) {}

Step Schedule::next(const Situation& situation, TimePoint now) const {
  if (auto wait = wait_for_clock(situation.validity, now)) {
    return {Act::wait, wait->next, wait->reason, std::move(wait->message)};
  }
  switch (situation.unfinished) {
    case Unfinished::installed:
      return with_delays({Act::deploy, now, Reason::unfinished, "the gateway does not use the renewed certificate yet"},
                         situation, now);
    case Unfinished::answered: {
      const Decision decision = may_activate(situation.validity, certificate_, offset_, now);
      const Act act = decision.due ? Act::deploy : Act::wait;
      return with_delays({act, decision.due ? now : decision.next, decision.due ? Reason::unfinished : decision.reason,
                          decision.due ? "a renewed certificate is ready to be installed"
                                       : "a renewed certificate is ready to be installed: " + decision.message},
                         situation, now);
    }
    case Unfinished::none:
      break;
  }
  const Decision decision = decide(situation.validity, certificate_, offset_, now);
  if (!decision.due) {
    // Nothing else will happen to an expired certificate that is only watched.
    const TimePoint next = decision.next > now ? decision.next : now + schedule_.check_every;
    return {Act::wait, next, decision.reason, decision.message};
  }
  const bool may_install = may_activate(situation.validity, certificate_, offset_, now).due;
  return with_delays({may_install ? Act::renew : Act::obtain, now, decision.reason, decision.message}, situation, now);
}

// Delays a step that is due: after a failure, after a renewal, and when the cap on requests is reached.
Step Schedule::with_delays(Step step, const Situation& situation, TimePoint now) const {
  if (step.act == Act::wait) {
    return step;
  }
  const bool requests = step.act != Act::deploy;
  const std::string due = step.message;
  const auto wait_until = [&](TimePoint until, Reason reason, const std::string& why) {
    if (now < until && step.at < until) {
      step = {Act::wait, until, reason, due + "; " + why};
    }
  };
  const std::string until = format_time(attempts_.not_before);
  if (attempts_.after_success) {
    if (requests) {
      wait_until(attempts_.not_before, Reason::retry,
                 fmt::format("the last renewal was completed only recently; next renewal at {}", until));
    }
  } else {
    wait_until(attempts_.not_before, Reason::retry,
               attempts_.failures_in_a_row == 0
                   ? fmt::format("earlier attempts were interrupted and never finished; retrying at {}", until)
                   : fmt::format("retrying at {} after {} failure{} in a row ({})", until, attempts_.failures_in_a_row,
                                 attempts_.failures_in_a_row == 1 ? "" : "s", attempts_.last_failure));
  }
  if (requests) {
    // Unless it has failed since, a certificate may have been issued: the daemon ended before it knew. A failure in the
    // future is from a clock that was ahead, and says nothing.
    const auto last = situation.requests.empty() ? TimePoint() : situation.requests.back();
    const bool is_known =
        std::chrono::floor<std::chrono::seconds>(last) <= attempts_.failed_at && attempts_.failed_at <= now;
    if (!situation.requests.empty() && !is_known) {
      const TimePoint again = last + schedule_.retry_at_least;
      wait_until(
          again, Reason::retry,
          fmt::format("a certificate was requested a moment ago; next request allowed at {}", format_time(again)));
    }
    const TimePoint allowed = request_allowed_at(situation.requests, schedule_.requests_per_day, now);
    wait_until(allowed, Reason::request_cap, request_limit_reached(schedule_.requests_per_day, allowed));
  }
  return step;
}

TimePoint Schedule::failed(const Error& error, TimePoint not_after, TimePoint now) {
  if (retry_pace(error.kind) == Pace::never) {
    return now + schedule_.retry_at_least;  // the other process may have finished by then
  }
  attempts_.add_failure(error, now);
  // Made when it is needed: the generator has 2.5 KB.
  std::mt19937_64 random(seed_++);
  const double jitter = std::uniform_real_distribution<double>(0, 1)(random);
  attempts_.after_success = false;
  attempts_.not_before =
      next_attempt({error.kind, attempts_.failures_in_a_row, error.retry_after}, schedule_, not_after, now, jitter);
  return attempts_.not_before;
}

void Schedule::succeeded(TimePoint now) {
  attempts_.forget_failures();
  attempts_.days_announced = 0;
  // Even a new certificate that is due at once must not start a renewal loop.
  attempts_.not_before = now + schedule_.check_every;
  attempts_.after_success = true;
}

void Schedule::obtained(TimePoint now) {
  attempts_.forget_failures();
  attempts_.not_before = std::min(attempts_.not_before, now);
}

void Schedule::cause_may_be_fixed(TimePoint now) {
  // Only these may have come with a Retry-After, and nothing on this host is their cause.
  const bool server_decides = attempts_.last_failure == to_string(ErrorKind::rate_limited) ||
                              attempts_.last_failure == to_string(ErrorKind::server_error);
  if (attempts_.failures_in_a_row > 0 && !attempts_.after_success && !server_decides) {
    attempts_.not_before = std::min(attempts_.not_before, now);
  }
}

void Schedule::slow_down(TimePoint now) {
  if (attempts_.after_success || attempts_.not_before <= now) {
    attempts_.not_before = now + schedule_.retry_at_most;
    attempts_.after_success = false;
  }
}

void Schedule::clock_was_set(TimePoint now, Unfinished unfinished) {
  // A restart is no reason to renew again within check_every; after a failure the wait is never that long.
  const auto longest = attempts_.failures_in_a_row == 0 ? std::max(schedule_.retry_at_most, schedule_.check_every)
                                                        : schedule_.retry_at_most;
  attempts_.not_before = std::min(attempts_.not_before, now + longest);
  attempts_.expiry_announced = std::min(attempts_.expiry_announced, now);
  // Judging the answer again costs neither a request nor a restart.
  if (unfinished == Unfinished::answered && attempts_.last_failure == to_string(ErrorKind::bad_answer)) {
    attempts_.not_before = std::min(attempts_.not_before, now);
  }
}

int Schedule::days_to_announce(std::chrono::seconds left) {
  const auto* const reached = std::find_if(kDaysAnnounced.begin(), kDaysAnnounced.end(),
                                           [left](int days) { return left <= std::chrono::days(days); });
  const int days = reached == kDaysAnnounced.end() ? 0 : *reached;
  return std::exchange(attempts_.days_announced, days) == days ? 0 : days;
}

bool Schedule::announces_expiry(TimePoint now) {
  if (now < attempts_.expiry_announced + std::chrono::days(1)) {
    return false;
  }
  attempts_.expiry_announced = now;
  return true;
}

}  // namespace renewd::renewal
