#include "supervision/supervisor.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "core/blocking.hpp"
#include "core/cancellation.hpp"

namespace renewd::supervision {

namespace asio = boost::asio;
using renewal::Act;
using renewal::Step;

namespace {

using namespace std::chrono_literals;

// Opening a keystore, and all that takes no time.
constexpr std::chrono::seconds kLongestCheck = 5min;
constexpr std::chrono::seconds kCheckAgainWhenUnreadable = 1min;
// While something is wrong that an operator may fix.
constexpr std::chrono::seconds kLookAgain = 1min;

}  // namespace

Supervisor::Supervisor(const asio::any_io_executor& executor, renewal::RenewalContext context, Shared shared,
                       const configuration::CertificateSettings& certificate, const configuration::Settings& settings,
                       TimePoint settings_changed, std::optional<Inheritance> inherited)
    : executor_(executor),
      context_(context),
      certificate_(certificate),
      check_every_(settings.schedule.check_every),
      renewal_(context_, certificate_, settings.state_directory, settings.schedule.requests_per_day),
      schedule_(context_.filesystem, certificate_, settings),
      status_(context_, certificate_, settings, schedule_, shared.board),
      announcer_(context_, certificate_, check_every_),
      observer_(context_, announcer_, {settings.state_directory, certificate_.name}),
      looks_(shared.looks),
      run_(renewal_, shared.slots, progress_,
           renewal::longest_renewal(certificate_.gateway, settings.http) + kLongestCheck),
      sleep_(executor, context_.keystore),
      inputs_(certificate_, settings.http, settings.fleet),
      left_fleet_(executor, 1) {
  if (inherited) {
    schedule_.inherit(std::move(inherited->attempts));
    inputs_at_attempt_ = std::move(inherited->inputs_at_attempt);
  }
  if (settings_changed > schedule_.attempts().failed_at) {
    schedule_.cause_may_be_fixed(context_.clock.now());
  }
  renewal_.on_installed(
      [this](const auto& record, const auto& certificate) { status_.installed(record, certificate); });
  renewal_.on_expected([this](const auto& certificate) { observer_.expect(certificate); });
  if (shared.fleet && !certificate_.account_id().empty()) {
    member_ = std::make_unique<FleetMember>(
        executor, shared.fleet, context_, certificate_, settings, renewal_, [this] { fleet_changed(); },
        [this] { fleet_seen(); });
    renewal_.before_sending([this] { return member_->confirm_claim(); });
  }
}

void Supervisor::follow_fleet() {
  if (member_) {
    asio::co_spawn(executor_, member_->follow(),
                   asio::bind_cancellation_slot(leave_fleet_.slot(), [this](const std::exception_ptr& /*thrown*/) {
                     left_fleet_.try_send(boost::system::error_code());
                   }));
  }
}

// Returns when nothing refers to this object any more.
asio::awaitable<void> Supervisor::leave_fleet() {
  if (member_) {
    co_await member_->leave(leaves_fleet_);
    leave_fleet_.emit(asio::cancellation_type::terminal);
    co_await left_fleet_.async_receive(asio::as_tuple(asio::use_awaitable));
  }
}

asio::awaitable<void> Supervisor::run() {
  follow_fleet();
  co_await work();
  co_await leave_fleet();
}

asio::awaitable<void> Supervisor::work() {
  bool goes_on = true;
  while (goes_on) {
    const TimePoint planned = co_await guarded_step();
    const TimePoint next = std::min(planned, context_.clock.now() + check_every_);
    const bool stopping = co_await stop_requested();
    if (stopping) {
      co_return;
    }
    publish();
    const bool at_once = next <= context_.clock.now() && !retiring_;
    if (!at_once) {
      goes_on = co_await sleep_until(next);
    }
  }
}

// An exception (no memory, no thread) is a failure like another.
asio::awaitable<TimePoint> Supervisor::guarded_step() {
  try {
    co_return co_await step();
  } catch (const std::exception& error) {
    co_return failed({ErrorKind::disk, fmt::format("working on the certificate: {}", error.what())});
  }
}

asio::awaitable<TimePoint> Supervisor::step() {
  progress_.expect_within(kLongestCheck);
  needed_until_ = context_.clock.now();
  const auto certificate = co_await look();
  if (!certificate) {
    co_return unreadable(certificate.error());
  }
  schedule_.certificate_seen(certificate->not_after());
  (void)co_await retry_if_fixed();
  const TimePoint next = co_await check(*certificate);
  save();
  co_return next;
}

// Returns the certificate alone: the keystore's bytes, a key in plain text for PEM, are not held while a renewal runs.
asio::awaitable<Result<certificate::Certificate>> Supervisor::look() {
  progress_.expect_nothing();
  const auto slot = co_await looks_.take();
  progress_.expect_within(kLongestCheck);
  if (!slot) {
    co_return failure(ErrorKind::cancelled, "stopped");
  }
  const auto installed = co_await status_.read();
  if (installed) {
    observer_.observe(*installed, context_.clock.now());
  }
  co_return installed.map([](const keystore::InstalledKeystore& opened) { return opened.keystore.certificate; });
}

TimePoint Supervisor::unreadable(const Error& error) {
  if (error.kind == ErrorKind::cancelled) {
    return context_.clock.now();
  }
  // The fix may be in another file, such as the password's, which is not watched.
  const TimePoint again = context_.clock.now() + kCheckAgainWhenUnreadable;
  announcer_.unreadable(error.message, again, context_.clock.now());
  observer_.observe_unreadable();
  save();
  return again;
}

asio::awaitable<TimePoint> Supervisor::check(certificate::Certificate certificate) {
  const TimePoint now = context_.clock.now();
  const renewal::Validity validity{certificate.not_before(), certificate.not_after()};
  needed_until_ = validity.not_after;
  if (renewal::wait_for_clock(validity, now)) {
    // Nothing may be decided or stored by such a clock.
    const Step step = schedule_.next({validity}, now);
    announcer_.checked(certificate, step, schedule_, now);
    co_return step.at;
  }
  const auto unfinished = co_await run_blocking(context_.pool, [this] { return renewal_.unfinished(); });
  if (!unfinished) {
    // Each check tries it again, but only an attempt that was due has failed.
    const TimePoint again =
        now < schedule_.attempts().not_before ? schedule_.attempts().not_before : failed(unfinished.error());
    // A command by hand is at work: what it leaves must be seen soon.
    co_return unfinished.error().kind == ErrorKind::busy ? std::min(again, now + kLookAgain) : again;
  }
  if (status_.unfinished() != *unfinished) {
    (void)co_await status_.read();  // finding the unfinished renewal has changed the state
  }
  const auto stage = renewal::stage_of(*unfinished, false);
  if (std::exchange(clock_was_set_, false)) {
    schedule_.clock_was_set(now, stage);
  }
  if (const auto retry_at = *unfinished ? schedule_.breaks_loop(**unfinished, now) : std::nullopt) {
    announcer_.interrupted(**unfinished, *retry_at);
    co_return *retry_at;
  }
  const Step planned = schedule_.next({validity, stage, renewal_.requests(now)}, now);
  if (planned.reason == renewal::Reason::not_due) {
    schedule_.forget_failures();
  }
  const auto allowed = co_await as_fleet_allows(planned, certificate, *unfinished);
  if (!allowed) {
    co_return failed(allowed.error());
  }
  const Step& step = *allowed;
  announcer_.checked(certificate, step, schedule_, now);
  if (certificate_.token && certificate_.renew == configuration::RenewMode::automatic) {
    announcer_.token(
        co_await run_blocking(context_.pool, [&] { return renewal::examine_token(*certificate_.token, step.at, now); }),
        now);
  }
  if (step.act == Act::wait) {
    co_return step.at;
  }
  save();
  publish();
  if (const auto in_use = *unfinished ? renewal_.in_use_until(**unfinished) : std::nullopt) {
    needed_until_ = std::min<TimePoint>(needed_until_, *in_use);
  }
  if (step.act != Act::deploy) {
    announcer_.due(step);
  }
  co_return co_await act(step.act);
}

asio::awaitable<Result<Step>> Supervisor::as_fleet_allows(Step planned, certificate::Certificate installed,
                                                          std::optional<renewal::Record> unfinished) {
  if (!member_) {
    co_return planned;
  }
  const auto& attempts = schedule_.attempts();
  const bool fails_at_gateway =
      attempts.failures_in_a_row > 0 && attempts.last_failure == to_string(ErrorKind::gateway);
  HostSituation situation{.planned = std::move(planned),
                          .installed = state::record_of(installed),
                          .in_use = status_.status()->in_use,
                          .unfinished = std::move(unfinished),
                          .requests = renewal_.requests(context_.clock.now()),
                          .gateway_failure = fails_at_gateway ? attempts.last_message : std::string()};
  Result<Step> allowed = co_await member_->next(std::move(situation));
  co_await status_.look_at_fleet(member_->status(), member_->failed_calls());
  if (member_->has_adopted()) {
    schedule_.obtained(context_.clock.now());
  }
  co_return allowed;
}

asio::awaitable<TimePoint> Supervisor::act(Act act) {
  inputs_at_attempt_ = co_await run_blocking(context_.pool, [this] { return inputs_.read(); });
  const auto done = co_await run_.run(act);
  (void)co_await look();
  TimePoint next = context_.clock.now();
  if (!done) {
    next = failed(done.error());
  } else if (*done) {
    schedule_.succeeded(context_.clock.now());
    next = schedule_.attempts().not_before;
  }  // otherwise the next step plans when to deploy
  // The fleet waits for the outcome.
  co_return member_ ? context_.clock.now() : next;
}

TimePoint Supervisor::failed(const Error& error) {
  const TimePoint now = context_.clock.now();
  if (error.kind == ErrorKind::cancelled) {
    return now;
  }
  const TimePoint retry_at = schedule_.failed(error, needed_until_, now);
  if (member_) {
    member_->failed(error, std::chrono::ceil<std::chrono::seconds>(retry_at - now));
  }
  save();
  announcer_.failed(error, retry_at, schedule_.attempts().failures_in_a_row);
  return retry_at;
}

void Supervisor::publish() {
  // The next supervisor is about to publish what it sees, with the settings that are now in effect.
  if (retiring_ && !renewal_.holds_answer()) {
    return;
  }
  status_.publish();
  if (const auto& status = status_.status()) {
    announcer_.found(report::assess(*status, {}, context_.clock.now()), context_.clock.now());
  }
}

void Supervisor::save() {
  status_.saved(schedule_.save());
}

bool Supervisor::input_changed(const state::RetryState& attempts) {
  auto now = inputs_.read();
  const bool changed = inputs_at_attempt_.empty() ? inputs_.changed_since(attempts.last_failure, attempts.failed_at)
                                                  : inputs_.differ(attempts.last_failure, inputs_at_attempt_, now);
  if (changed || inputs_at_attempt_.empty()) {
    inputs_at_attempt_ = std::move(now);
  }
  return changed;
}

asio::awaitable<bool> Supervisor::retry_if_fixed() {
  bool fixed = status_.problems_are_gone();
  const auto& attempts = schedule_.attempts();
  if (attempts.failures_in_a_row > 0) {
    fixed = co_await run_blocking(context_.pool, [&] { return input_changed(attempts); }) || fixed;
  }
  if (fixed && member_) {
    member_->try_again();
  }
  if (fixed) {
    schedule_.cause_may_be_fixed(context_.clock.now());
  }
  co_return fixed;
}

asio::awaitable<bool> Supervisor::look_again() {
  const auto certificate = co_await look();
  save();
  publish();
  const bool fixed = co_await retry_if_fixed();
  const bool has_other_keys = member_ && member_->lacks_key() && co_await member_->read_inputs();
  co_return fixed || has_other_keys || !certificate;
}

asio::awaitable<bool> Supervisor::sleep_until(TimePoint next) {
  if (const auto problem = context_.keystore.new_watch_problem()) {
    announcer_.not_watched(*problem);
  }
  std::optional<TimePoint> look_at;
  // An answer that could not be stored exists only in this process.
  while (!retiring_ || renewal_.holds_answer()) {
    const bool in_trouble = status_.in_trouble() || (member_ && member_->lacks_key());
    if (in_trouble && !look_at) {
      look_at = context_.clock.now() + kLookAgain;
    }
    const TimePoint wake = std::min(next, look_at.value_or(next));
    progress_.expect_at(next);
    switch (co_await sleep_.until(wake)) {
      case Woken::by_cancellation:
        co_return false;
      case Woken::by_time: {
        look_at.reset();
        progress_.expect_within(kLongestCheck);
        const bool check_now = wake == next || co_await look_again();
        if (check_now) {
          co_return true;
        }
        break;
      }
      case Woken::by_clock_change:
        announcer_.clock_changed();
        clock_was_set_ = true;
        co_return true;
      case Woken::by_keystore:
        if (must_check_replacement()) {
          co_return true;
        }
        // The same bytes may be elsewhere now, where the service may not write. Not at once: looking may touch the
        // file.
        look_at = look_at.value_or(context_.clock.now() + kLookAgain);
        break;
      case Woken::by_interruption:
        if (std::exchange(fleet_changed_, false)) {
          co_return true;
        }
        if (std::exchange(fleet_seen_, false)) {
          co_await status_.look_at_fleet(member_->status(), member_->failed_calls());
          publish();
          // For the commands, which read the disk: once for many changes.
          look_at = look_at.value_or(context_.clock.now() + kLookAgain);
        }
        if (std::exchange(gateway_changed_, false)) {
          progress_.expect_within(kLongestCheck);
          co_await status_.look_at_gateway();
          publish();
          // A command replaces the keystore and restarts the gateway: of two causes that come together, one is
          // reported.
          if (must_check_replacement()) {
            co_return true;
          }
        }
        break;
    }
  }
  co_return false;
}

// A command may have installed another keystore, restored the previous one, and left the gateway to this daemon: the
// journal then has a renewal. After a failure, the retry is already scheduled.
bool Supervisor::must_check_replacement() const {
  if (observer_.was_replaced()) {
    return true;
  }
  const auto record = renewal_.recorded();
  return schedule_.attempts().failures_in_a_row == 0 && record && record->fingerprint;
}

}  // namespace renewd::supervision
