#include "lifetimes/host.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/text.hpp"
#include "renewal/renewal.hpp"
#include "renewal/schedule.hpp"

namespace renewd::testing {
namespace {

using namespace std::chrono_literals;
using renewal::Act;
using renewal::Step;
using renewal::Unfinished;
using renewal::Validity;
using std::chrono::days;
using std::chrono::seconds;

// As in supervision/supervisor.cpp.
constexpr int kInterruptionsTolerated = 3;

}  // namespace

Host::Host(const Setup& setup, World& world, Memory& memory, Witness& witness, std::uint64_t seed, Validity first,
           Trace trace)
    : setup_(setup),
      world_(world),
      memory_(memory),
      witness_(witness),
      random_(seed),
      trace_(std::move(trace)),
      checks_always_(setup.schedule.check_every >= 6h && random_.chance(0.05)),
      keystore_(first) {
  witness_.in_use(first, world_.real());
  world_.aim_at(first.not_after);
  start();
}

void Host::start() {
  back_at_ = TimePoint::max();
  trace("the daemon starts");
  schedule_.emplace(setup_.certificate, setup_.schedule, setup_.offset, memory_.attempts(), random_.bits());
  schedule_->clock_was_set(world_.clock());
  first_check_ = true;
  phase_ = Phase::asleep;
  wake_ = world_.clock();
  tell_conditions();
}

// The process has ended, and its memory is lost.
void Host::end(Span back_after) {
  if (phase_ != Phase::asleep) {
    witness_.interrupted();
  }
  schedule_.reset();
  unstored_answer_.reset();
  frozen_.reset();
  phase_ = Phase::asleep;
  crash_at_ = TimePoint::max();
  back_at_ = back_after == Span::max() ? TimePoint::max() : world_.real() + back_after;
}

TimePoint Host::next() const {
  if (!schedule_) {
    return back_at_;
  }
  if (frozen_) {
    return TimePoint::max();
  }
  if (phase_ != Phase::asleep) {
    return std::min(phase_ends_, crash_at_);
  }
  return clock_changed_ ? world_.real() : std::max(world_.real(), wake_ - world_.skew());
}

void Host::proceed() {
  if (!schedule_) {
    return start();
  }
  if (phase_ != Phase::asleep && crash_at_ <= world_.real()) {
    trace("the daemon crashes");
    witness_.disturbed(world_.real());
    end(random_.between(1s, 2min));
    return;
  }
  switch (phase_) {
    case Phase::asleep:
      // Supervisor::sleep_until()
      if (std::exchange(clock_changed_, false)) {
        schedule_->clock_was_set(world_.clock());
        memory_.keep(schedule_->attempts());
        return check(false);
      }
      return check(true);
    case Phase::asking:
      return answered();
    case Phase::activating:
      return activated();
    case Phase::rolling_back:
      return rolled_back();
  }
}

void Host::feel(Happening happening) {
  switch (happening) {
    case Happening::cloud:
      trace(world_.trouble() ? fmt::format("trouble: {}", to_string(world_.trouble()->kind)) : "no trouble");
      break;
    case Happening::gateway:
      trace(world_.gateway_works() ? "the gateway works" : "the gateway does not come up");
      break;
    case Happening::power:
      trace(world_.power() == Power::on ? "power on" : world_.power() == Power::off ? "power off" : "suspended");
      if (world_.power() == Power::off) {
        end(Span::max());
      } else if (world_.power() == Power::suspended) {
        frozen_ = world_.real();
      } else if (frozen_) {
        phase_ends_ += world_.real() - *frozen_;
        frozen_.reset();
        // The kernel treats a resume as a clock change; not every hypervisor reports one.
        clock_changed_ = clock_changed_ || (phase_ == Phase::asleep && random_.chance(0.5));
      } else if (!schedule_) {
        back_at_ = world_.real() + random_.between(5s, 3min);
      }
      break;
    case Happening::restart:
      if (schedule_ && !frozen_) {
        trace("the daemon is restarted");
        if (phase_ == Phase::asking) {
          witness_.disturbed(world_.real());  // the answer is lost
        }
        end(random_.between(100ms, 10s));
      }
      break;
    case Happening::clock:
      trace("the clock is set");
      witness_.clock_set();
      clock_changed_ = schedule_ && phase_ == Phase::asleep;
      break;
  }
  tell_conditions();
}

void Host::tell_conditions() {
  // A daemon that is being restarted is as good as one that runs.
  const bool runs = world_.power() == Power::on && (schedule_ || back_at_ != TimePoint::max());
  const bool clock_right = std::chrono::abs(world_.skew()) <= 1min;
  wrong_clock_ = wrong_clock_ || !clock_right;
  witness_.conditions(
      {.good = runs && !world_.trouble() && world_.gateway_works() && clock_right && stage_ != Stage::rolling_back,
       .clock_right = !wrong_clock_,
       .nothing_begun = stage_ == Stage::none},
      now());
}

renewal::Situation Host::situation(TimePoint clock) {
  const Unfinished unfinished = stage_ == Stage::none       ? Unfinished::none
                                : stage_ == Stage::answered ? Unfinished::answered
                                                            : Unfinished::installed;
  return {keystore_, unfinished, memory_.requests(clock)};
}

// Supervisor::step()
void Host::check(bool by_itself) {
  const TimePoint clock = world_.clock();
  // Another process at work is asked for again at a pace of its own.
  witness_.checked(now(), by_itself && !std::exchange(was_busy_, false));
  wrong_clock_ = std::chrono::abs(world_.skew()) > 1min;
  const TimePoint next_check = clock + setup_.schedule.check_every;
  // Renewal::in_use_until()
  not_after_seen_ =
      stage_ == Stage::installed ? std::min(keystore_.not_after, previous_.not_after) : keystore_.not_after;
  if (troubled_by(ErrorKind::busy) || (troubled_by(ErrorKind::disk) && random_.chance(0.2))) {
    fail(world_.trouble()->kind);
    wake_ = std::min(wake_, next_check);
    return;
  }
  if (stage_ != Stage::none && std::exchange(first_check_, false) && resumed_ >= kInterruptionsTolerated) {
    schedule_->slow_down(clock);
    memory_.keep(schedule_->attempts());
    trace("a crash loop: slowly");
    return sleep_until(std::min(schedule_->attempts().not_before, next_check));
  }
  const renewal::Situation found = situation(clock);
  const Step step = schedule_->next(found, clock);
  // Announcer::checked()
  const auto left = std::chrono::floor<seconds>(keystore_.not_after - clock);
  if (left <= 0s) {
    (void)schedule_->announces_expiry(clock);
  } else {
    (void)schedule_->days_to_announce(left);
  }
  memory_.keep(schedule_->attempts());
  if (step.act != Act::wait) {
    witness_.acts(step.act, found, now());
    return begin(step.act);
  }
  trace("waits: " + step.message);
  renewal::Situation then = found;
  std::erase_if(then.requests, [&](TimePoint request) { return request <= step.at - 24h; });
  witness_.waits(step, schedule_->next(then, step.at), now());
  sleep_until(std::min(step.at, std::max(next_check, quiet_until(step))));
}

// Nothing changes by itself before the step's time: most worlds skip the checks of the quiet months.
TimePoint Host::quiet_until(const Step& step) const {
  return checks_always_ ? TimePoint::min() : step.at - 3 * setup_.schedule.check_every;
}

void Host::sleep_until(TimePoint clock) {
  phase_ = Phase::asleep;
  wake_ = clock;
  crash_at_ = TimePoint::max();
  tell_conditions();
}

void Host::enter(Phase phase, Span duration) {
  phase_ = phase;
  phase_ends_ = world_.real() + duration;
  crash_at_ = TimePoint::max();
  if (crashes_to_come_ == 0 && random_.chance(0.01)) {
    crashes_to_come_ = static_cast<int>(random_.chance(0.7) ? 1 : random_.between(std::int64_t{2}, 12));
  }
  if (crashes_to_come_ > 0) {
    --crashes_to_come_;
    crash_at_ = world_.real() + random_.between(0s, duration);
  }
}

// Renewal::run() and Renewal::obtain()
void Host::begin(Act act) {
  act_ = act;
  trace(act == Act::renew ? "renews" : act == Act::obtain ? "obtains" : "goes on");
  if (stage_ != Stage::none) {
    ++resumed_;
  }
  switch (stage_) {
    case Stage::none:
      return ask();
    case Stage::answered:
      return install();
    case Stage::installed:
      return enter(Phase::activating, random_.between(1s, 2min));
    case Stage::rolling_back:
      if (previous_.not_after > world_.clock()) {
        return roll_back();
      }
      stage_ = Stage::answered;
      return install();
  }
}

void Host::ask() {
  if (unstored_answer_) {
    return hear();
  }
  const TimePoint clock = world_.clock();
  if (renewal::request_allowed_at(memory_.requests(clock), setup_.schedule.requests_per_day, clock) > clock) {
    return fail(ErrorKind::rate_limited);
  }
  if (troubled_by(ErrorKind::fleet) || (troubled_by(ErrorKind::disk) && random_.chance(0.5))) {
    return fail(world_.trouble()->kind);
  }
  memory_.add_request(clock);
  witness_.asked(now());
  enter(Phase::asking, random_.spread(200ms, 1min));
}

void Host::answered() {
  const bool comes = !world_.trouble() || troubled_by(ErrorKind::disk);
  if (!comes || troubled_by(ErrorKind::busy)) {
    return fail(world_.trouble()->kind);
  }
  const auto issued = std::chrono::floor<seconds>(world_.real());
  unstored_answer_ = Validity{issued, issued + setup_.lifetime};
  hear();
}

// Renewal::keep_answer()
void Host::hear() {
  if (troubled_by(ErrorKind::disk)) {
    return fail(ErrorKind::disk);
  }
  answer_ = std::exchange(unstored_answer_, std::nullopt);
  stage_ = Stage::answered;
  rolled_back_ = 0;
  resumed_ = 0;
  trace("answered");
  if (act_ != Act::obtain) {
    return install();
  }
  if (!judge()) {
    return refuse();
  }
  sleep_until(world_.clock());
}

// certificate::accept()
bool Host::judge() {
  const TimePoint clock = world_.clock();
  return clock < answer_->not_after && answer_->not_before <= clock + 5min && answer_->not_after > keystore_.not_after;
}

void Host::refuse() {
  answer_.reset();
  stage_ = Stage::none;
  fail(ErrorKind::bad_answer);
}

void Host::install() {
  if (troubled_by(ErrorKind::disk)) {
    return fail(ErrorKind::disk);
  }
  if (!judge()) {
    return refuse();
  }
  previous_ = std::exchange(keystore_, *answer_);
  stage_ = Stage::installed;
  resumed_ = 0;
  enter(Phase::activating, random_.between(1s, 2min));
}

void Host::activated() {
  if (world_.gateway_works()) {
    return succeed();
  }
  if (setup_.certificate.gateway.rollback && previous_.not_after > world_.clock()) {
    return roll_back();
  }
  fail(ErrorKind::gateway);
}

void Host::roll_back() {
  stage_ = Stage::rolling_back;
  keystore_ = previous_;
  resumed_ = 0;
  enter(Phase::rolling_back, random_.between(1s, 2min));
}

void Host::rolled_back() {
  if (world_.old_keystore_works()) {
    trace("rolled back");
    stage_ = Stage::answered;
    if (++rolled_back_ >= renewal::kRollbacksPerAnswer) {
      answer_.reset();
      stage_ = Stage::none;
    }
  }
  fail(ErrorKind::gateway);
}

void Host::fail(ErrorKind kind) {
  resumed_ = 0;
  Error error{kind, "simulated"};
  if (world_.trouble()) {
    error.retry_after = world_.trouble()->retry_after;
  }
  const TimePoint retry_at = schedule_->failed(error, not_after_seen_, world_.clock());
  trace(fmt::format("failed: {}; again at {}", to_string(kind), format_time(retry_at)));
  was_busy_ = kind == ErrorKind::busy;
  if (!was_busy_) {
    memory_.keep(schedule_->attempts());
  }
  if (!was_busy_) {
    witness_.failed(now());
  }
  sleep_until(std::min(retry_at, world_.clock() + setup_.schedule.check_every));
}

void Host::succeed() {
  stage_ = Stage::none;
  answer_.reset();
  resumed_ = 0;
  trace("renewed until " + format_time(keystore_.not_after));
  schedule_->succeeded(world_.clock());
  memory_.keep(schedule_->attempts());
  witness_.succeeded(now());
  witness_.in_use(keystore_, world_.real());
  world_.aim_at(keystore_.not_after);
  sleep_until(std::min(schedule_->attempts().not_before, world_.clock() + setup_.schedule.check_every));
}

void Host::trace(const std::string& line) const {
  if (trace_) {
    trace_(now(), line);
  }
}

}  // namespace renewd::testing
