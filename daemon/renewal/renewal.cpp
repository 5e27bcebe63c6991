#include "renewal/renewal.hpp"

#include "core/blocking.hpp"
#include "core/try.hpp"
#include "renewal/by_hand.hpp"
#include "renewal/recovery.hpp"

namespace renewd::renewal {

namespace asio = boost::asio;

Renewal::Renewal(RenewalContext context, const configuration::CertificateSettings& settings,
                 const std::filesystem::path& state_directory, unsigned requests_per_day)
    : work_(context, settings, state_directory), obtain_(work_, gate_, requests_per_day) {}

Result<std::optional<Record>> Renewal::unfinished() {
  if (!work_.filesystem.exists(work_.paths.directory())) {
    return std::nullopt;
  }
  TRY_LET(const auto lock, state::Lock::acquire(work_.filesystem, work_.paths.lock(), kCheckingHolder));
  return load_unfinished(work_);
}

std::optional<std::chrono::sys_seconds> Renewal::in_use_until(const Record& record) const {
  return renewal::in_use_until(work_, record);
}

asio::awaitable<Result<std::optional<Record>>> Renewal::load() {
  co_return co_await run_blocking(work_.pool, [this] { return load_unfinished(work_); });
}

asio::awaitable<Result<std::optional<Judged>>> Renewal::obtain(std::string holder) {
  CO_TRY_LET(const auto lock, work_.take_lock(holder));
  CO_TRY_LET(std::optional<Record> record, co_await load());
  CO_TRY_LET(std::optional<Judged> judged, co_await obtain_.run(std::move(record)));
  CO_TRY(work_.forget_interruptions(0));  // the answer may wait for days to be deployed
  co_return judged;
}

asio::awaitable<Result<void>> Renewal::rehearse(std::string holder) {
  CO_TRY_LET(const auto lock, work_.take_lock(holder));
  CO_TRY_LET(const auto record, co_await load());
  if (record) {
    co_return failure(ErrorKind::busy, "a renewal is under way");
  }
  auto possible = co_await obtain_.check_request(work_.clock.now());
  co_return std::move(possible).map([](const Secret& /*credential*/) {});
}

asio::awaitable<Result<std::optional<certificate::Certificate>>> Renewal::judge(std::string holder) {
  CO_TRY_LET(const auto lock, work_.take_lock(holder));
  CO_TRY_LET(std::optional<Record> record, co_await load());
  if (!record || record->phase != Phase::answered) {
    co_return std::nullopt;
  }
  CO_TRY_LET(const auto judged, co_await obtain_.run(std::move(record)));
  CO_TRY(work_.forget_interruptions(0));
  co_return judged ? std::optional(judged->candidate.keystore.certificate) : std::nullopt;
}

asio::awaitable<Result<certificate::Certificate>> Renewal::adopt(std::string holder, std::optional<Secret> answer,
                                                                 Secret identity, std::string fingerprint) {
  CO_TRY_LET(const auto lock, work_.take_lock(holder));
  CO_TRY_LET(const auto record, co_await load());
  if (record) {
    co_return failure(ErrorKind::busy, "a renewal is under way");
  }
  CO_TRY_LET(const auto judged, co_await run_blocking(work_.pool, [&] {
               return renewal::adopt(work_, gate_, answer, identity, fingerprint);
             }));
  CO_TRY(work_.forget_interruptions(0));
  co_return judged.candidate.keystore.certificate;
}

asio::awaitable<Result<Shareable>> Renewal::share() {
  co_return co_await run_blocking(work_.pool, [this] { return shareable(work_); });
}

asio::awaitable<Result<void>> Renewal::drop_answer(std::string holder) {
  CO_TRY_LET(const auto lock, work_.take_lock(holder));
  CO_TRY_LET(const auto record, co_await load());
  if (!record || record->phase != Phase::answered) {
    co_return failure(ErrorKind::busy, "no answer is waiting");
  }
  co_return co_await run_blocking(work_.pool, [&] { return renewal::drop_answer(work_, *record); });
}

asio::awaitable<Result<Completed>> Renewal::deploy(std::string holder, std::optional<Judged> judged) {
  CO_TRY_LET(const auto lock, work_.take_lock(holder));
  CO_TRY_LET(std::optional<Record> record, co_await load());
  co_return co_await deploy_.run(std::move(record), std::move(judged));
}

asio::awaitable<Result<Completed>> Renewal::run(std::string holder) {
  CO_TRY_LET(const auto lock, work_.take_lock(holder));
  CO_TRY_LET(std::optional<Record> record, co_await load());
  std::optional<Judged> judged;
  if (!record) {
    CO_TRY_LET(judged, co_await obtain_.run(std::nullopt));
    CO_TRY_LET(record, co_await load());
  }
  co_return co_await deploy_.run(std::move(record), std::move(judged));
}

asio::awaitable<Result<Completed>> Renewal::activate_installed(std::string holder) {
  CO_TRY_LET(const auto lock, work_.take_lock(holder));
  co_return co_await renewal::activate_installed(work_, deploy_);
}

asio::awaitable<Result<Completed>> Renewal::restore(std::string holder, std::optional<int> generation) {
  CO_TRY_LET(const auto lock, work_.take_lock(holder));
  co_return co_await renewal::restore(work_, deploy_, generation);
}

}  // namespace renewd::renewal
