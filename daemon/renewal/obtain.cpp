#include "renewal/obtain.hpp"

#include <utility>

#include <fmt/format.h>

#include "core/advice.hpp"
#include "core/blocking.hpp"
#include "core/error_context.hpp"
#include "core/text.hpp"
#include "core/try.hpp"
#include "renewal/gateway_steps.hpp"
#include "renewal/retry.hpp"
#include "state/state_files.hpp"

namespace renewd::renewal {
namespace {

namespace asio = boost::asio;

}  // namespace

asio::awaitable<Result<std::optional<Judged>>> Obtain::run(std::optional<Record> record) {
  // An answer that was stored just now has never been judged. Of another one the count must survive what judging may do
  // to the host.
  const Durability counted = record ? Durability::full : Durability::process;
  if (!record) {
    CO_TRY_LET(record, co_await request());
  }
  if (record->phase != Phase::answered) {
    co_return std::nullopt;
  }
  auto judged = co_await run_blocking(work_.pool, [&] {
    auto passed = work_.keystore.read().and_then(
        [&](const InstalledKeystore& installed) { return gate_.judge(installed, *record, counted); });
    if (!passed) {
      (void)work_.forget_interruptions(0);  // best effort: the failure matters more
    }
    return passed;
  });
  co_return std::move(judged).map([](Judged&& passed) { return std::optional(std::move(passed)); });
}

asio::awaitable<Result<Record>> Obtain::request() {
  if (unstored_answer_) {
    co_return store({.phase = Phase::requested}, *unstored_answer_);
  }
  const TimePoint now = work_.clock.now();
  auto possible = co_await check_request(now);
  CO_TRY_LET(Secret credential, std::move(possible).map_error(in_context("requesting a certificate")));
  CO_TRY_LET(Record record, begin(now));
  work_.event(EventName::renewal_requested, "requesting a certificate", {{"url", work_.source.describe()}});
  auto fetched = co_await work_.source.fetch(std::move(credential), before_sending_);
  compare_clocks(fetched.time, now);
  gate_.notes.undecoded = std::move(fetched.undecoded);
  if (fetched.answer) {
    co_return store(std::move(record), std::move(*fetched.answer));
  }
  // No certificate was issued: no renewal is under way.
  work_.answers.release_space();
  (void)work_.journal.clear();
  Error error = with_context("requesting a certificate", std::move(fetched.answer.error()));
  if (error.kind == ErrorKind::bad_answer) {
    error = with_advice(std::move(error), std::string(kUnexpectedAnswerAdvice));
  }
  if (error.reason) {
    work_.event(EventName::renewal_rejected, "keeping the installed keystore: " + error.message,
                {{"reason", std::string(to_string(*error.reason))}});
  }
  co_return tl::unexpected(std::move(error));
}

asio::awaitable<Result<Secret>> Obtain::check_request(TimePoint now) {
  const TimePoint allowed = request_allowed_at(work_.requests.load(now), requests_per_day_, now);
  if (now < allowed) {
    co_return failure(ErrorKind::rate_limited, request_limit_reached(requests_per_day_, allowed));
  }
  auto credential = co_await run_blocking(work_.pool, [this] { return work_.source.credential(); });
  if (!credential) {
    work_.event(EventName::token_unusable, credential.error().message);
    co_return credential;
  }
  CO_TRY(co_await check_gateway(work_));
  CO_TRY(co_await run_blocking(work_.pool, [this] { return check_host(); }));
  co_return credential;
}

Result<void> Obtain::check_host() {
  TRY_LET(const auto installed, work_.keystore.read());
  TRY(work_.keystore.rehearse_replacement().map_error(in_context("it could not be installed")));
  TRY_LET(const auto trusted, keystore::read_trusted(work_.filesystem, work_.settings.keystore));
  // Better no request than an answer that cannot be stored. What the check does not find, begin() does.
  TRY(state::check_state(work_.filesystem, work_.paths).map_error(in_context("it could not be stored")));
  return {};
}

// Reserves disk space for the answer, and one of the day's requests; the journal's first entry then syncs the
// directory. Where that fails, nothing of it stays, as far as possible.
Result<Record> Obtain::begin(TimePoint now) {
  TRY(work_.answers.reserve_space().map_error(in_context("reserving disk space for the answer")));
  const auto counted = work_.requests.add(now).map_error(in_context("counting the requests"));
  auto record = counted ? work_.reach({.phase = Phase::requested}, Phase::requested) : tl::unexpected(counted.error());
  if (!record) {
    work_.answers.release_space();
    (void)work_.journal.clear();
  }
  if (!record && counted) {
    (void)work_.requests.take_back(now);
  }
  return record;
}

// The Date header shows the cloud's clock, by which certificates are issued and checked.
void Obtain::compare_clocks(std::optional<std::chrono::sys_seconds> server_time, TimePoint asked) {
  gate_.notes.clock_behind.reset();
  if (!server_time) {
    return;
  }
  // The response was made at some moment between the request and now.
  const TimePoint now = work_.clock.now();
  const auto behind = *server_time > now     ? *server_time - std::chrono::floor<std::chrono::seconds>(now)
                      : *server_time < asked ? *server_time - std::chrono::floor<std::chrono::seconds>(asked)
                                             : std::chrono::seconds(0);
  gate_.notes.clock_behind = behind;
  // Logged in any case, for the metrics; visible only when it matters.
  const Level level = std::chrono::abs(behind) <= kClockSkewTolerated ? Level::debug : Level::warning;
  work_.event(level, EventName::clock_skewed,
              fmt::format("this host's clock is {} {} the cloud's", format_duration(std::chrono::abs(behind)),
                          behind.count() > 0 ? "behind" : "ahead of"),
              {{"skew_seconds", -std::int64_t{behind.count()}}});
}

Result<Record> Obtain::store(Record record, std::string answer) {
  const auto size = answer.size();
  unstored_answer_ = std::move(answer);
  TRY(work_.answers.store(*unstored_answer_).map_error(in_context("storing the answer")));
  unstored_answer_.reset();
  const std::string& undecoded = gate_.notes.undecoded;
  work_.event(EventName::renewal_answered,
              fmt::format("received and stored an answer of {} bytes{}{}", size,
                          undecoded.empty() ? "" : ", still compressed: ", undecoded),
              {{"bytes", static_cast<std::int64_t>(size)}});
  return work_.reach(record, Phase::answered, Durability::process);
}

}  // namespace renewd::renewal
