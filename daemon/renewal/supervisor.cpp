#include "renewal/supervisor.hpp"

#include <algorithm>
#include <exception>
#include <random>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "cloud/renew_api.hpp"
#include "core/blocking.hpp"
#include "core/cancellation.hpp"
#include "core/text.hpp"
#include "gateway/verification.hpp"
#include "installation/history.hpp"
#include "installation/installer.hpp"
#include "installation/lock.hpp"
#include "renewal/host.hpp"
#include "renewal/token_watch.hpp"

namespace renewd::renewal {

namespace asio = boost::asio;

namespace {

using namespace std::chrono_literals;

// Opening a keystore, and all that takes no time; and a sleep may end late by as much.
constexpr std::chrono::seconds kSlack = 5min;
constexpr std::chrono::seconds kLateForWaking = 1min;
constexpr std::chrono::seconds kLookAgainWhenUnreadable = 1min;
// What recovery.cpp holds the lock for.
constexpr std::string_view kLookingHolder = "gravitee-renewd looking";

// Each part of a renewal has a deadline of its own. A gateway that another process has told is told again where it is
// not well, and going back takes the same once more.
std::chrono::seconds longest_renewal(const configuration::CertificateSettings& certificate,
                                     const configuration::HttpSettings& http) {
  const auto& gateway = certificate.gateway;
  return http.request_timeout +
         3 * (gateway.activation_timeout() + gateway::longest_verification(gateway.verify_timeout)) + kSlack;
}

// What commands by hand have failed at is no reason for a daemon to hold back.
installation::Attempts at_start(installation::Attempts attempts) {
  if (attempts.by_hand) {
    attempts.forget_failures();
  }
  return attempts;
}

}  // namespace

Supervisor::Supervisor(const asio::any_io_executor& executor, RenewalContext context, Slots& slots, Board& board,
                       configuration::CertificateSettings certificate, const configuration::Settings& settings)
    : around_(context),
      slots_(slots),
      board_(board),
      certificate_(std::move(certificate)),
      settings_(settings.schedule),
      state_directory_(settings.state_directory),
      longest_renewal_(longest_renewal(certificate_, settings.http)),
      renewal_(context, certificate_, state_directory_, settings_.requests_per_day),
      attempt_store_(around_.filesystem, installation::StatePaths(state_directory_, certificate_.name)),
      schedule_(certificate_, settings_,
                splay_offset(host_identity(around_.filesystem), certificate_.name, settings_.splay),
                at_start(attempt_store_.load()), std::random_device{}()),
      timer_(executor),
      watch_(executor, certificate_.keystore.path),
      repetitions_(settings_.check_every),
      retirement_(executor, 1) {
  // The gateway may take minutes, in which whoever looks sees what it has to do.
  renewal_.on_installed([this](const certificate::Certificate& certificate) {
    seen_ = certificate;
    publish();
  });
}

asio::awaitable<void> Supervisor::run() {
  bool goes_on = true;
  while (goes_on) {
    const TimePoint next = co_await guarded_step();
    const bool stopping = co_await stop_requested();
    if (stopping) {
      co_return;
    }
    publish();
    goes_on = co_await sleep_until(next);
  }
}

void Supervisor::retire() {
  retiring_ = true;
  retirement_.try_send(boost::system::error_code());
}

bool Supervisor::is_stuck() const {
  return (working_until_ && *working_until_ < asio::steady_timer::clock_type::now()) ||
         (asleep_until_ && *asleep_until_ + kLateForWaking < around_.clock.now());
}

void Supervisor::expect_progress_within(std::chrono::seconds time) {
  asleep_until_.reset();
  working_until_ = asio::steady_timer::clock_type::now() + time;
}

asio::awaitable<bool> Supervisor::sleep_until(TimePoint next) {
  using asio::experimental::awaitable_operators::operator||;
  working_until_.reset();
  asleep_until_ = next;
  if (const auto problem = watch_.new_problem()) {
    event(Level::warning, EventName::certificate_checked, *problem, {});
  }
  while (true) {
    // An answer that could not be stored yet is in our hands alone.
    if (retiring_ && !renewal_.holds_answer()) {
      co_return false;
    }
    const auto woken = co_await (timer_.sleep_until(next) || watch_.changed() ||
                                 retirement_.async_receive(asio::as_tuple(asio::use_awaitable)));
    const bool stopping = co_await stop_requested();
    if (stopping) {
      co_return false;
    }
    if (woken.index() == 0) {
      if (std::get<0>(woken) == Wake::clock_changed) {
        event(EventName::clock_changed, "the clock was set: deciding anew");
        clock_was_set_ = true;
      }
      co_return true;
    }
    if (woken.index() == 1 && (was_replaced() || others_are_at_it())) {
      co_return true;
    }
  }
}

// A command by hand may put another keystore there and the old one back, and leave the gateway to us. What we have
// failed at ourselves has its time.
bool Supervisor::others_are_at_it() const {
  return schedule_.attempts().failures_in_a_row == 0 && renewal_.installed_fingerprint().has_value();
}

bool Supervisor::was_replaced() const {
  const auto bytes = around_.filesystem.read(certificate_.keystore.path, installation::kKeystoreLimit);
  return bytes ? seen_digest_ != certificate::digest_of(*bytes) : seen_digest_.has_value();
}

asio::awaitable<TimePoint> Supervisor::guarded_step() {
  try {
    co_return co_await step();
  } catch (const std::exception& error) {
    const TimePoint now = around_.clock.now();
    const TimePoint needed_until = seen_ && *seen_ ? TimePoint((*seen_)->not_after()) : now;
    co_return std::min(
        failed({ErrorKind::disk, fmt::format("working on the certificate: {}", error.what())}, needed_until),
        now + settings_.check_every);
  }
}

asio::awaitable<TimePoint> Supervisor::step() {
  expect_progress_within(kSlack);
  const auto installed = co_await look();
  const TimePoint now = around_.clock.now();
  const TimePoint next_check = now + settings_.check_every;
  if (!installed) {
    schedule_.keystore_seen(installed.error().message);
    save_attempts();
    // What mends it may be another file: that of its password.
    co_return std::min(next_check, now + kLookAgainWhenUnreadable);
  }
  schedule_.keystore_seen({});
  const auto& certificate = installed->keystore.certificate;
  const Validity validity{certificate.not_before(), certificate.not_after()};
  if (wait_for_clock(validity, now)) {
    // Neither what was planned nor what was counted may be judged by such a clock, and less be changed.
    const Step step = schedule_.next({validity}, now);
    tell(certificate, step, now);
    save_attempts();
    co_return std::min(step.at, next_check);
  }
  const auto unfinished = co_await run_blocking(around_.pool, [this] { return renewal_.unfinished(); });
  if (!unfinished) {
    co_return std::min(failed(unfinished.error(), validity.not_after), next_check);
  }
  if (std::exchange(clock_was_set_, false)) {
    schedule_.clock_was_set(now, stage_of(*unfinished, false));
  }
  if (*unfinished && breaks_loop(**unfinished, now)) {
    co_return std::min(schedule_.attempts().not_before, next_check);
  }
  const Step step = schedule_.next({validity, stage_of(*unfinished, false), renewal_.requests(now)}, now);
  if (step.reason == Reason::not_due) {
    schedule_.forget_failures();
  }
  tell(certificate, step, now);
  examine_token(step.at, now);
  save_attempts();
  if (step.act == Act::wait) {
    co_return std::min(step.at, next_check);
  }
  publish();
  if (step.act != Act::go_on) {
    event(EventName::renewal_due, step.message, {{"reason", std::string(to_string(step.reason))}});
  }
  // The new certificate lasts, but what helps the gateway is the one that it uses.
  TimePoint needed_until = validity.not_after;
  if (const auto in_use = *unfinished ? renewal_.in_use_until(**unfinished) : std::nullopt) {
    needed_until = std::min<TimePoint>(needed_until, *in_use);
  }
  co_return std::min(co_await act(step.act, needed_until), around_.clock.now() + settings_.check_every);
}

asio::awaitable<TimePoint> Supervisor::act(Act act, TimePoint needed_until) {
  working_until_.reset();  // the others have deadlines of their own
  const auto slot = co_await slots_.take();
  expect_progress_within(longest_renewal_);
  if (!slot) {
    co_return around_.clock.now();  // told to stop
  }
  Result<void> done;
  std::optional<std::string> ours;
  if (act == Act::obtain) {
    done = co_await renewal_.obtain("run");
  } else {
    auto renewed = co_await renewal_.run("run");
    ours = renewed ? renewed->certificate.fingerprint_sha256() : renewal_.installed_fingerprint();
    done = std::move(renewed).map([](const Completed&) {});
  }
  const auto installed =
      co_await run_blocking(around_.pool, [this] { return read_installed(around_.filesystem, certificate_.keystore); });
  if (installed) {
    // Who is told that somebody else has come between was told by the renewal itself.
    const bool told = !done && done.error().kind == ErrorKind::busy;
    remember(*installed, told || installed->keystore.certificate.fingerprint_sha256() == ours);
  }
  if (!done) {
    co_return failed(done.error(), needed_until);
  }
  const TimePoint now = around_.clock.now();
  if (act == Act::obtain) {
    co_return now;  // what comes next is decided with the answer that waits
  }
  schedule_.succeeded(now);
  save_attempts();
  co_return schedule_.attempts().not_before;
}

// A renewal that brings the daemon down each time it is resumed, by a crash or because it is stopped with the gateway,
// must not do so all day long. Only at the first look: that is what a daemon does that was brought down.
bool Supervisor::breaks_loop(const installation::JournalEntry& unfinished, TimePoint now) {
  if (!std::exchange(first_look_, false) || unfinished.resumed < kInterruptionsTolerated) {
    return false;
  }
  schedule_.slow_down(now);
  save_attempts();
  const std::string next = format_time(schedule_.attempts().not_before);
  event(Level::error, EventName::renewal_resumed,
        fmt::format("begun {} times after \"{}\" without ever coming to an end; the next try is at {}{}",
                    unfinished.resumed, to_string(unfinished.phase), next,
                    unfinished.is_at_gateway()
                        ? "; the gateway is left as it is. If activating it stops or kills this daemon, see `validate`"
                        : ""),
        {{"phase", std::string(to_string(unfinished.phase))},
         {"resumed", std::int64_t{unfinished.resumed}},
         {"retry_at", next}});
  return true;
}

asio::awaitable<Result<Installed>> Supervisor::look() {
  auto installed =
      co_await run_blocking(around_.pool, [this] { return read_installed(around_.filesystem, certificate_.keystore); });
  if (!installed) {
    const auto& message = installed.error().message;
    if (const auto times = repetitions_.seen(EventName::certificate_unreadable, message, around_.clock.now())) {
      event(EventName::certificate_unreadable, message,
            {{"path", certificate_.keystore.path.string()},
             {"next_check", format_time(around_.clock.now() + kLookAgainWhenUnreadable)},
             {"times", std::int64_t{*times}}});
    }
    const auto bytes = around_.filesystem.read(certificate_.keystore.path, installation::kKeystoreLimit);
    seen_digest_ = bytes ? std::optional(certificate::digest_of(*bytes)) : std::nullopt;
    seen_ = tl::unexpected(installed.error());
    co_return tl::unexpected(std::move(installed.error()));
  }
  repetitions_.forget(EventName::certificate_unreadable);
  remember(*installed, false);
  co_return std::move(*installed);
}

void Supervisor::publish() {
  if (seen_) {
    board_.publish(standing_of(around_.filesystem, *seen_, certificate_, settings_, state_directory_,
                               around_.clock.now(), Looker::daemon));
  }
}

void Supervisor::remember(const Installed& installed, bool ours) {
  const auto& certificate = installed.keystore.certificate;
  const std::string fingerprint = certificate.fingerprint_sha256();
  if (!ours && !seen_fingerprint_.empty() && seen_fingerprint_ != fingerprint) {
    event(
        EventName::certificate_changed_on_disk,
        fmt::format("{}; it is valid until {} now", who_replaced_it(fingerprint), format_time(certificate.not_after())),
        certificate_fields(certificate));
  }
  seen_ = certificate;
  seen_digest_ = certificate::digest_of(installed.bytes);
  seen_fingerprint_ = fingerprint;
  seen_at_ = around_.clock.now();
}

std::string Supervisor::who_replaced_it(const std::string& fingerprint) const {
  const installation::StatePaths paths(state_directory_, certificate_.name);
  const auto holder = installation::lock_holder(around_.filesystem, paths.lock());
  if (holder && *holder && !(*holder)->starts_with(kLookingHolder)) {
    return fmt::format("{} has replaced the keystore, and sees to the gateway", **holder);
  }
  // Of a roll-back the history has the certificate that was left.
  const auto past = installation::History(around_.filesystem, paths).list();
  const bool since = !past.empty() && past.back().ended >= std::chrono::floor<std::chrono::seconds>(seen_at_);
  if (since && (past.back().outcome == "rolled_back" || past.back().fingerprint == fingerprint)) {
    return "a command by hand has replaced the keystore, and has seen to the gateway";
  }
  return fmt::format(
      "somebody else has replaced the keystore; this daemon restarts nothing for it (if nobody has, "
      "`gravitee-renewd activate {}` does)",
      certificate_.name);
}

// What was found, and what follows from it.
void Supervisor::tell(const certificate::Certificate& certificate, const Step& step, TimePoint now) {
  const auto left = std::chrono::floor<std::chrono::seconds>(certificate.not_after() - now);
  Fields fields = certificate_fields(certificate);
  if (step.reason == Reason::not_yet_valid) {
    event(EventName::clock_skewed, step.message, fields);
  } else {
    fields.emplace_back("days_left", std::int64_t{std::chrono::floor<std::chrono::days>(left).count()});
    tell_expiry(left, fields, now);
  }
  fields.emplace_back("reason", std::string(to_string(step.reason)));
  fields.emplace_back("next_attempt", format_time(step.at));
  fields.emplace_back("next_check", format_time(std::min(step.at, now + settings_.check_every)));
  if (!std::exchange(plan_told_, true)) {
    add_plan(certificate, fields);
  }
  event(EventName::certificate_checked, step.message, fields);
}

void Supervisor::tell_expiry(std::chrono::seconds left, const Fields& fields, TimePoint now) {
  if (left <= std::chrono::seconds(0)) {
    if (schedule_.announces_expiry(now)) {
      event(EventName::certificate_expired, fmt::format("the certificate expired {} ago", format_duration(-left)),
            fields);
    }
  } else if (schedule_.days_to_announce(left) != 0) {
    event(EventName::certificate_expiring, fmt::format("the certificate expires in {}", format_duration(left)), fields);
  }
}

// What `plan` shows beside the step: the same until the daemon is started again.
void Supervisor::add_plan(const certificate::Certificate& certificate, Fields& fields) const {
  if (certificate_.renew == configuration::RenewMode::never) {
    return;
  }
  const auto opens = window_opens({certificate.not_before(), certificate.not_after()}, certificate_.renew_before);
  fields.emplace_back("window_opens", format_time(opens));
  fields.emplace_back("splay_seconds", std::int64_t{schedule_.offset().count()});
  fields.emplace_back("url", cloud::renew_url(certificate_.account_url));
  fields.emplace_back("gateway", around_.gateway.description());
}

void Supervisor::examine_token(TimePoint needed_at, TimePoint now) {
  if (!certificate_.token || certificate_.renew == configuration::RenewMode::never) {
    return;
  }
  std::string problem;
  for (const auto& finding : renewal::examine_token(*certificate_.token, needed_at, now)) {
    if (finding.level == Level::error && problem.empty()) {
      problem = finding.message;
    }
    if (const auto times = repetitions_.seen(EventName::token_unusable, finding.message, now)) {
      event(finding.level, EventName::token_unusable, finding.message, {{"times", std::int64_t{*times}}});
    }
  }
  schedule_.token_seen(std::move(problem), now);
}

// Logs a failure and decides when to try again.
TimePoint Supervisor::failed(const Error& error, TimePoint needed_until) {
  const TimePoint now = around_.clock.now();
  if (error.kind == ErrorKind::cancelled) {
    return now;
  }
  const TimePoint retry_at = schedule_.failed(error, needed_until, now);
  if (error.kind == ErrorKind::busy) {
    event(Level::warning, EventName::certificate_checked, "left alone: " + error.message, {});
    return retry_at;
  }
  save_attempts();
  event(EventName::renewal_failed, error.message,
        {{"class", std::string(to_string(error.kind))},
         {"retry_at", format_time(retry_at)},
         {"failures_in_a_row", std::int64_t{schedule_.attempts().failures_in_a_row}}});
  return retry_at;
}

// Best effort: on a disk that takes nothing a renewal fails anyway, and says so.
void Supervisor::save_attempts() {
  if (attempt_store_.load() != schedule_.attempts()) {
    (void)attempt_store_.save(schedule_.attempts());
  }
}

void Supervisor::event(EventName name, std::string_view message, const Fields& fields) const {
  around_.log.event(name, certificate_.name, message, fields);
}

void Supervisor::event(Level level, EventName name, std::string_view message, const Fields& fields) const {
  around_.log.event(level, name, certificate_.name, message, fields);
}

}  // namespace renewd::renewal
