// The request to the cloud, and its answer, stored before anybody looks into it.

#include <utility>

#include <fmt/format.h>

#include "cloud/renew_api.hpp"
#include "core/blocking.hpp"
#include "core/http_secrets.hpp"
#include "core/text.hpp"
#include "core/try.hpp"
#include "installation/installer.hpp"
#include "installation/state_files.hpp"
#include "renewal/renewal.hpp"
#include "renewal/retry.hpp"

namespace renewd::renewal {
namespace {

namespace asio = boost::asio;

// Below this, the answer might not find room: better not to ask than to lose it.
constexpr std::uint64_t kSpaceForAnswer = 4 * installation::kKeystoreLimit;

}  // namespace

// Asks the cloud, and stores what it says before anybody looks into it.
asio::awaitable<Result<installation::JournalEntry>> Renewal::ask() {
  if (unstored_answer_) {
    co_return keep_answer(Entry{.phase = Phase::requested}, *unstored_answer_);
  }
  if (!settings_.token) {
    co_return failure(ErrorKind::unauthorized, "requesting a certificate: no token is configured: set `token`");
  }
  const TimePoint now = around_.clock.now();
  CO_TRY(may_be_asked(now));
  auto token = read_token(*settings_.token);
  if (!token) {
    event(EventName::token_unusable, token.error().message);
    co_return tl::unexpected(with_context("requesting a certificate", std::move(token.error())));
  }
  // What would stop the renewal after the answer must stop it before the question.
  auto installed =
      co_await run_blocking(around_.pool, [&] { return read_installed(around_.filesystem, settings_.keystore); });
  if (!installed) {
    co_return tl::unexpected(std::move(installed.error()));
  }
  auto replaceable = co_await run_blocking(
      around_.pool, [&] { return installation::rehearse_replacement(around_.filesystem, settings_.keystore.path); });
  if (!replaceable) {
    co_return tl::unexpected(
        with_context("requesting a certificate that could not be installed", std::move(replaceable.error())));
  }
  CO_TRY_LET(const auto trusted, read_trusted(around_.filesystem, settings_.keystore));
  auto space = around_.filesystem.free_bytes(paths_.directory);
  if (space && *space < kSpaceForAnswer) {
    co_return failure(ErrorKind::disk, fmt::format("requesting a certificate: only {} KiB are free in {}, and the "
                                                   "answer must not be lost",
                                                   *space / 1024, paths_.directory.string()));
  }
  auto writable =
      co_await run_blocking(around_.pool, [&] { return installation::rehearse_state(around_.filesystem, paths_); });
  if (!writable) {
    co_return tl::unexpected(
        with_context("requesting a certificate that could not be kept", std::move(writable.error())));
  }
  CO_TRY_LET(Entry record, reach(Entry{.phase = Phase::requested}, Phase::requested));
  if (auto room = answers_.take_room(); !room) {
    (void)journal_.clear();
    co_return tl::unexpected(with_context("making room for the cloud's answer", std::move(room.error())));
  }
  if (auto counted = requests_.add(now); !counted) {
    answers_.give_room_back();
    (void)journal_.clear();
    co_return tl::unexpected(with_context("counting the requests", std::move(counted.error())));
  }
  event(EventName::renewal_requested, "asking the cloud for a new certificate",
        {{"url", cloud::renew_url(settings_.account_url)}});
  auto exchange = co_await cloud::request_renewal(around_.http, settings_.account_url, std::move(*token));
  compare_clocks(exchange.server_time, now);
  undecoded_ = std::move(exchange.undecoded);
  auto& answer = exchange.body;
  if (!answer) {
    // Nothing came of it: nothing is under way.
    answers_.give_room_back();
    (void)journal_.clear();
    Error error = with_context("requesting a certificate", std::move(answer.error()));
    if (error.reason) {
      event(EventName::renewal_rejected, "the installed keystore stays: " + error.message,
            {{"reason", std::string(to_string(*error.reason))}});
    }
    co_return tl::unexpected(std::move(error));
  }
  co_return keep_answer(std::move(record), std::move(*answer));
}

Result<void> Renewal::may_be_asked(TimePoint now) {
  const TimePoint allowed = request_allowed_at(requests_.load(now), requests_per_day_, now);
  if (now >= allowed) {
    return {};
  }
  return failure(ErrorKind::rate_limited,
                 fmt::format("requesting a certificate: the cloud was asked {} times within a day, which is the most "
                             "(schedule.requests_per_day); the next time is at {}",
                             requests_per_day_, format_time(allowed)));
}

// The Date header says what time the cloud believes it is: certificates are made and judged by that.
void Renewal::compare_clocks(std::optional<std::chrono::sys_seconds> server_time, TimePoint asked) {
  clock_behind_.reset();
  if (!server_time) {
    return;
  }
  // The answer was made at some moment between the question and now.
  const TimePoint now = around_.clock.now();
  const auto behind = *server_time > now     ? *server_time - std::chrono::floor<std::chrono::seconds>(now)
                      : *server_time < asked ? *server_time - std::chrono::floor<std::chrono::seconds>(asked)
                                             : std::chrono::seconds(0);
  clock_behind_ = behind;
  // Told in any case, for the metrics; to people only when it matters.
  const Level level = std::chrono::abs(behind) <= kClockSkewTolerated ? Level::debug : Level::warning;
  event(level, EventName::clock_skewed,
        fmt::format("this host's clock is {} {} the cloud's", format_duration(std::chrono::abs(behind)),
                    behind.count() > 0 ? "behind" : "ahead of"),
        {{"skew_seconds", -std::int64_t{behind.count()}}});
}

Result<installation::JournalEntry> Renewal::keep_answer(Entry record, std::string answer) {
  const auto size = answer.size();
  unstored_answer_ = std::move(answer);
  if (auto kept = answers_.keep(*unstored_answer_); !kept) {
    return tl::unexpected(with_context("storing the cloud's answer", std::move(kept.error())));
  }
  unstored_answer_.reset();
  event(EventName::renewal_answered,
        fmt::format("the cloud answered with {} bytes{}{}", size,
                    undecoded_.empty() ? "" : ", stored as they came: ", undecoded_),
        {{"bytes", static_cast<std::int64_t>(size)}});
  return reach(record, Phase::answered);
}

}  // namespace renewd::renewal
