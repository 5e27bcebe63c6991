#include "renewal/supervisor.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <fmt/format.h>

#include "core/cancellation.hpp"
#include "core/text.hpp"
#include "installation/installer.hpp"

namespace renewd::renewal {

namespace asio = boost::asio;

std::string host_identity(const Filesystem& filesystem) {
  if (auto id = filesystem.read("/etc/machine-id", 256); id && !id->empty()) {
    return std::move(*id);
  }
  std::array<char, 256> name{};
  (void)::gethostname(name.data(), name.size() - 1);
  return name.data();
}

Supervisor::Supervisor(const asio::any_io_executor& executor, Surroundings surroundings,
                       configuration::CertificateSettings certificate, configuration::ScheduleSettings schedule,
                       std::filesystem::path state_directory)
    : around_(surroundings),
      certificate_(std::move(certificate)),
      schedule_(schedule),
      renewal_(surroundings, certificate_, state_directory),
      timer_(executor),
      watch_(executor, certificate_.keystore.path),
      splay_offset_(splay_offset(host_identity(around_.filesystem), certificate_.name, schedule_.splay)),
      budget_(schedule_.requests_per_day) {}

asio::awaitable<void> Supervisor::run() {
  bool goes_on = true;
  while (goes_on) {
    const TimePoint next = co_await step();
    const bool stopping = co_await stop_requested();
    if (stopping) {
      co_return;
    }
    goes_on = co_await sleep_until(next);
  }
}

asio::awaitable<bool> Supervisor::sleep_until(TimePoint next) {
  using asio::experimental::awaitable_operators::operator||;
  while (true) {
    const auto woken = co_await (timer_.sleep_until(next) || watch_.changed());
    const bool stopping = co_await stop_requested();
    if (stopping) {
      co_return false;
    }
    if (woken.index() == 0) {
      if (std::get<0>(woken) == Wake::clock_changed) {
        event(EventName::clock_changed, "the clock was set: deciding anew");
        clock_was_set();
      }
      co_return true;
    }
    if (was_replaced()) {
      co_return true;
    }
  }
}

bool Supervisor::was_replaced() const {
  const auto bytes = around_.filesystem.read(certificate_.keystore.path, installation::kKeystoreLimit);
  return bytes ? seen_bytes_ != *bytes : seen_bytes_.has_value();
}

asio::awaitable<TimePoint> Supervisor::step() {
  const auto validity = look();
  const TimePoint now = around_.clock.now();
  const TimePoint next_check = now + schedule_.check_every;
  if (!validity) {
    co_return next_check;
  }
  const auto unfinished = renewal_.unfinished();
  if (!unfinished) {
    co_return failed(unfinished.error(), validity->not_after);
  }
  unfinished_ = unfinished->has_value();
  if (unfinished_ && breaks_crash_loop(**unfinished, now)) {
    co_return std::min(attempt_not_before_, next_check);
  }
  const Decision decision = decide(*validity, certificate_, splay_offset_, now);
  if (!unfinished_ && !decision.due) {
    co_return decision.next > now ? std::min(decision.next, next_check) : next_check;
  }
  const TimePoint allowed = unfinished_ ? attempt_not_before_ : std::max(attempt_not_before_, budget_.allowed_at(now));
  if (now < allowed) {
    co_return std::min(allowed, next_check);
  }
  if (!unfinished_) {
    event(EventName::renewal_due, decision.message, {{"reason", std::string(to_string(decision.reason))}});
    budget_.spend(now);
  }
  co_return co_await renew(*validity);
}

// A renewal that brings the daemon down each time it is resumed must not do so all day long. Only at the first look: a
// crash is what makes a daemon look for the first time.
bool Supervisor::breaks_crash_loop(const installation::JournalEntry& unfinished, TimePoint now) {
  if (!std::exchange(first_look_, false) || unfinished.resumed < kCrashesTolerated) {
    return false;
  }
  attempt_not_before_ = now + schedule_.retry_at_most;
  event(Level::error, EventName::renewal_resumed,
        fmt::format("begun {} times after \"{}\" without ever coming to an end; the next try is at {}",
                    unfinished.resumed, to_string(unfinished.phase), format_time(attempt_not_before_)),
        {{"phase", std::string(to_string(unfinished.phase))},
         {"resumed", std::int64_t{unfinished.resumed}},
         {"retry_at", format_time(attempt_not_before_)}});
  return true;
}

asio::awaitable<TimePoint> Supervisor::renew(Validity validity) {
  auto renewed = co_await renewal_.run("run");
  if (const auto installed = read_installed(around_.filesystem, certificate_.keystore)) {
    remember(*installed, true);
  }
  if (!renewed) {
    const auto unfinished = renewal_.unfinished();
    unfinished_ = unfinished && unfinished->has_value();
    co_return failed(renewed.error(), validity.not_after);
  }
  failures_in_a_row_ = 0;
  // Even a new certificate that is due again already (one shorter than the window) waits: no renewal loop.
  attempt_not_before_ = around_.clock.now() + schedule_.check_every;
  co_return attempt_not_before_;
}

std::optional<Validity> Supervisor::look() {
  auto installed = read_installed(around_.filesystem, certificate_.keystore);
  if (!installed) {
    event(EventName::certificate_unreadable, installed.error().message,
          {{"path", certificate_.keystore.path.string()}});
    auto bytes = around_.filesystem.read(certificate_.keystore.path, installation::kKeystoreLimit);
    seen_bytes_ = bytes ? std::optional(std::move(*bytes)) : std::nullopt;
    return std::nullopt;
  }
  remember(*installed, false);
  const auto& certificate = installed->keystore.certificate;
  const Validity validity{certificate.not_before(), certificate.not_after()};
  const TimePoint now = around_.clock.now();
  const auto left = std::chrono::floor<std::chrono::seconds>(validity.not_after - now);
  const Fields fields{{"serial", certificate.serial()},
                      {"not_before", format_time(validity.not_before)},
                      {"not_after", format_time(validity.not_after)},
                      {"days_left", std::int64_t{std::chrono::floor<std::chrono::days>(left).count()}}};
  if (left <= std::chrono::seconds(0)) {
    event(EventName::certificate_expired, fmt::format("expired {} ago", format_duration(-left)), fields);
  } else {
    announce_expiry(left, fields);
    event(EventName::certificate_checked, decide(validity, certificate_, splay_offset_, now).message, fields);
  }
  return validity;
}

void Supervisor::remember(const Installed& installed, bool ours) {
  const auto& certificate = installed.keystore.certificate;
  const std::string fingerprint = certificate.fingerprint_sha256();
  if (!ours && !seen_fingerprint_.empty() && seen_fingerprint_ != fingerprint) {
    event(EventName::certificate_changed_on_disk, "somebody else has replaced the keystore",
          certificate_fields(certificate));
  }
  seen_bytes_ = installed.bytes;
  seen_fingerprint_ = fingerprint;
}

// After a step back, a moment that the old clock chose may be years away.
void Supervisor::clock_was_set() {
  const TimePoint now = around_.clock.now();
  attempt_not_before_ = std::min(attempt_not_before_, now + std::max(schedule_.retry_at_most, schedule_.check_every));
  budget_.clock_was_set(now);
}

// Tells once of each of these many days left, however often the certificate is looked at.
void Supervisor::announce_expiry(std::chrono::seconds left, const Fields& fields) {
  constexpr std::array<int, 5> kDays{1, 3, 7, 14, 30};
  for (const int days : kDays) {
    if (left > std::chrono::days(days)) {
      continue;
    }
    if (announced_days_ != days) {
      announced_days_ = days;
      event(EventName::certificate_expiring, fmt::format("only {} left", format_duration(left)), fields);
    }
    return;
  }
  announced_days_ = 0;
}

// Logs a failure and decides when to try again.
TimePoint Supervisor::failed(const Error& error, TimePoint not_after) {
  const TimePoint now = around_.clock.now();
  if (error.kind == ErrorKind::cancelled) {
    return now;
  }
  if (error.kind == ErrorKind::busy) {
    event(Level::warning, EventName::certificate_checked, "left alone: " + error.message, {});
    return now + schedule_.retry_at_least;
  }
  ++failures_in_a_row_;
  const double jitter = std::uniform_real_distribution<double>(0, 1)(jitter_);
  attempt_not_before_ =
      next_attempt({error.kind, failures_in_a_row_, error.retry_after}, schedule_, not_after, now, jitter);
  if (!unfinished_) {
    attempt_not_before_ = std::max(attempt_not_before_, budget_.allowed_at(now));
  }
  event(EventName::renewal_failed, error.message,
        {{"class", std::string(to_string(error.kind))},
         {"retry_at", format_time(attempt_not_before_)},
         {"failures_in_a_row", std::int64_t{failures_in_a_row_}}});
  return std::min(attempt_not_before_, now + schedule_.check_every);
}

void Supervisor::event(EventName name, std::string_view message, Fields fields) const {
  around_.log.event(name, certificate_.name, message, std::move(fields));
}

void Supervisor::event(Level level, EventName name, std::string_view message, Fields fields) const {
  around_.log.event(level, name, certificate_.name, message, std::move(fields));
}

}  // namespace renewd::renewal
