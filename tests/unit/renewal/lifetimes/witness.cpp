#include "lifetimes/witness.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/text.hpp"

namespace renewd::testing {
namespace {

using namespace std::chrono_literals;
using renewal::Act;
using renewal::Validity;
using std::chrono::days;
using std::chrono::seconds;

// State is stored to the second.
constexpr Span kRounding = 1s;

// A day is long enough for the next attempt to begin, whatever came before. This is for the attempt itself: the longest
// one of a simulated host, and the minute by which its clock may be wrong.
constexpr Span kOneAttempt = 10min;
constexpr Span kGoodDay = days(1) + kOneAttempt;

// How often it may check in a day: for check_every, for retries that are as far apart as retry_at_least and
// retry_at_most allow on average, and for the last day of a certificate, when it waits for an eighth of the time left
// at a time.
std::size_t max_checks(const configuration::ScheduleSettings& schedule) {
  return static_cast<std::size_t>(days(1) / schedule.check_every +
                                  4 * (days(1) / (schedule.retry_at_least + schedule.retry_at_most)) + 400);
}

// Whether the clock of the zone shows a time of the window, or has done so within the hour that clocks were set back.
bool is_open(const configuration::MaintenanceWindow& window, std::chrono::sys_seconds moment) {
  const auto reading = window.timezone.local(moment);
  const bool changes = window.timezone.local(moment + 4h) - window.timezone.local(moment - 4h) != 8h;
  for (const seconds moved : {seconds(0), seconds(changes ? 1h : 0h), seconds(changes ? -1h : 0h)}) {
    const auto day = std::chrono::floor<days>(reading + moved);
    const seconds time = reading + moved - day;
    const bool today = window.days.test(std::chrono::weekday(day).c_encoding());
    const bool yesterday = window.days.test(std::chrono::weekday(day - days(1)).c_encoding());
    const bool over_midnight = window.to <= window.from;
    if ((today && time >= window.from && (over_midnight || time < window.to)) ||
        (yesterday && over_midnight && time < window.to)) {
      return true;
    }
  }
  return false;
}

bool is_open(const std::vector<configuration::MaintenanceWindow>& windows, TimePoint clock) {
  const auto moment = std::chrono::floor<seconds>(clock);
  return windows.empty() ||
         std::any_of(windows.begin(), windows.end(), [&](const auto& window) { return is_open(window, moment); });
}

struct Length {
  seconds lifetime;
  seconds operator()(seconds fixed) const { return fixed; }
  seconds operator()(configuration::LifetimeShare share) const {
    return seconds(static_cast<seconds::rep>(static_cast<double>(lifetime.count()) * share.value));
  }
};

// When a host is to renew at the latest, if nothing is in its way.
TimePoint turn_of(const Validity& validity, const Setup& setup) {
  const seconds lifetime = validity.not_after - validity.not_before;
  const seconds window = std::min(std::visit(Length{lifetime}, setup.certificate.renew_before), lifetime / 2);
  return validity.not_after - window + std::min(setup.schedule.splay, window / 2);
}

}  // namespace

Tally& Tally::operator+=(const Tally& other) {
  lifetimes += other.lifetimes;
  expired += other.expired;
  late += other.late;
  checks += other.checks;
  attempts += other.attempts;
  requests += other.requests;
  busiest_day = std::max(busiest_day, other.busiest_day);
  time += other.time;
  return *this;
}

Tally Witness::tally(TimePoint real) const {
  Tally tally = tally_;
  tally.time = std::chrono::floor<seconds>(real - began_);
  return tally;
}

void Witness::broken(TimePoint real, std::string promise) {
  if (!violation_) {
    violation_ = fmt::format("{}: {}", format_time(real), promise);
  }
}

void Witness::in_use(const Validity& validity, TimePoint real) {
  if (in_use_since_ != TimePoint{}) {
    ++tally_.lifetimes;
    const bool late = real > in_use_.not_after - days(7);
    const bool expired = real > in_use_.not_after;
    tally_.expired += expired ? 1 : 0;
    tally_.late += late && !expired ? 1 : 0;
    check_deadline(real);
  }
  in_use_ = validity;
  in_use_since_ = real;
}

void Witness::conditions(const Conditions& conditions, Moment now) {
  check_deadline(now.real);
  if (!conditions.clock_right) {
    clock_wrong_ = now.real;
  }
  if (!conditions.good) {
    good_since_.reset();
  } else if (!good_since_) {
    good_since_ = now.real;
    const auto recent =
        std::count_if(asked_.begin(), asked_.end(), [&](TimePoint asked) { return asked > now.real - kGoodDay; });
    // A decision by a wrong clock, or about a certificate that is already installed, may last a day.
    good_at_once_ = conditions.nothing_begun && clock_wrong_ < now.real - days(2) &&
                    static_cast<unsigned>(recent) < setup_.schedule.requests_per_day;
  }
}

// A good day in the last week (a good eighth of what is left, if no request is spent), once it is this host's turn,
// must lead to a renewal; with maintenance windows only when they are ignored at last.
void Witness::check_deadline(TimePoint real) {
  if (!good_since_ || setup_.certificate.renew == configuration::RenewMode::never) {
    return;
  }
  const TimePoint from = std::max({*good_since_, TimePoint(in_use_.not_after - days(7)), turn_of(in_use_, setup_),
                                   // No renewal loop, even if the new certificate is due at once.
                                   in_use_since_ + setup_.schedule.check_every});
  const auto& settings = setup_.certificate;
  TimePoint deadline = from + kGoodDay;
  if (good_at_once_) {
    const Span pause = std::max<Span>((in_use_.not_after - from) / 8, setup_.schedule.retry_at_least);
    deadline = std::min(deadline, from + pause + kOneAttempt);
  }
  if (!settings.renew_windows.empty() || !settings.activate_windows.empty()) {
    deadline = std::max(deadline, in_use_.not_after - settings.override_windows_before + kOneAttempt);
  }
  if (std::min<TimePoint>(real, in_use_.not_after) > deadline) {
    broken(real, fmt::format("the certificate until {} is still in use, although nothing has failed since {}",
                             format_time(in_use_.not_after), format_time(*good_since_)));
  }
}

void Witness::checked(Moment now, bool by_itself) {
  ++tally_.checks;
  checks_at_once_ = now.real == last_check_ ? checks_at_once_ + 1 : 0;
  last_check_ = now.real;
  if (checks_at_once_ > 5) {
    broken(now.real, "it checks repeatedly without any time passing");
  }
  while (!checks_.empty() && checks_.front() <= now.real - days(1)) {
    checks_.pop_front();
  }
  if (by_itself) {
    checks_.push_back(now.real);
  }
  tally_.busiest_day = std::max(tally_.busiest_day, checks_.size());
  if (checks_.size() > max_checks(setup_.schedule)) {
    broken(now.real, fmt::format("it has checked {} times within a day", checks_.size()));
  }
}

void Witness::waits(const renewal::Step& step, const renewal::Step& again, Moment now) {
  if (step.at <= now.clock) {
    broken(now.real, "it waits for a time that has passed: " + step.message);
  }
  if (again.act == Act::wait && again.at <= step.at) {
    broken(now.real, fmt::format("at {} it would wait for that very time: {}", format_time(step.at), again.message));
  }
}

void Witness::acts(Act act, const renewal::Situation& situation, Moment now) {
  ++tally_.attempts;
  const seconds least = setup_.schedule.retry_at_least;
  if (last_failure_ && now.clock < *last_failure_ + least - kRounding) {
    broken(now.real, fmt::format("it tries again {} after a failure",
                                 format_duration(std::chrono::floor<seconds>(now.clock - *last_failure_))));
  }
  check_windows(act, situation, now);
  if (act != Act::deploy && last_success_ && now.clock < *last_success_ + setup_.schedule.check_every - kRounding) {
    broken(now.real, "it renews a certificate that it has just renewed");
  }
}

// An activation that has begun is completed outside of a window, too: the gateway may be down in the meantime.
void Witness::check_windows(Act act, const renewal::Situation& situation, Moment now) {
  const auto& settings = setup_.certificate;
  if (now.clock >= situation.validity.not_after - settings.override_windows_before) {
    return;
  }
  const bool asks = situation.unfinished == renewal::Unfinished::none;
  const bool installs = situation.unfinished != renewal::Unfinished::installed && act != Act::obtain;
  if (asks && !is_open(settings.renew_windows, now.clock)) {
    broken(now.real, "it renews outside of renew_windows");
  }
  if (installs && !is_open(settings.activate_windows, now.clock)) {
    broken(now.real, "it installs outside of activate_windows");
  }
}

void Witness::asked(Moment now) {
  ++tally_.requests;
  while (!asked_.empty() && asked_.front() < now.real - kGoodDay) {
    asked_.pop_front();
  }
  asked_.push_back(now.real);
  if (!requests_.empty() && now.clock < requests_.back() + setup_.schedule.retry_at_least - kRounding) {
    broken(now.real, "it requests again within retry_at_least");
  }
  while (!requests_.empty() && requests_.front() <= now.clock - days(1) + kRounding) {
    requests_.pop_front();
  }
  requests_.push_back(now.clock);
  if (requests_.size() > setup_.schedule.requests_per_day) {
    broken(now.real, fmt::format("{} requests within a day", requests_.size()));
  }
}

void Witness::failed(Moment now) {
  last_failure_ = now.clock;
}

void Witness::succeeded(Moment now) {
  last_failure_.reset();
  last_success_ = now.clock;
}

void Witness::clock_set() {
  requests_.clear();
  last_failure_.reset();
  last_success_.reset();
}

}  // namespace renewd::testing
