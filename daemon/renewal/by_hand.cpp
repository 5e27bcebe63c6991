#include "renewal/by_hand.hpp"

#include <utility>

#include <fmt/format.h>

#include "certificate/acceptance.hpp"
#include "core/text.hpp"
#include "core/try.hpp"
#include "renewal/recovery.hpp"

namespace renewd::renewal {
namespace {

namespace asio = boost::asio;
using certificate::Certificate;

// The newest generation or, if the installed keystore is a generation itself (it was restored), the one before that.
Result<int> previous_generation(const Workspace& work, std::string_view installed) {
  TRY_LET(const auto generations, work.generations.list());
  std::optional<int> before;
  for (const auto& generation : generations) {
    if (const auto bytes = work.generations.read(generation.number); bytes && *bytes == installed) {
      if (!before) {
        return failure(ErrorKind::disk, fmt::format("the oldest stored keystore (generation {}) is installed: there is "
                                                    "no earlier one",
                                                    generation.number));
      }
      return *before;
    }
    before = generation.number;
  }
  if (!before) {
    return failure(ErrorKind::disk,
                   fmt::format("no previous keystore is stored in {}", work.paths.generations().string()));
  }
  return *before;
}

Result<int> chosen_generation(const Workspace& work, int number) {
  TRY_LET(const auto generations, work.generations.list());
  std::string stored;
  for (const auto& generation : generations) {
    if (generation.number == number) {
      return number;
    }
    stored += (stored.empty() ? "" : ", ") + state::describe(generation);
  }
  return failure(ErrorKind::disk,
                 fmt::format("there is no generation {}; stored: {}", number, stored.empty() ? "none" : stored));
}

// Why an operator's choice may not take the place of the installed keystore.
Result<void> check_choice(Workspace& work, const InstalledKeystore& chosen, const std::string& installed) {
  if (chosen.bytes == installed) {
    return failure(ErrorKind::disk, fmt::format("it is already installed; `gravitee-renewd activate {}` makes the "
                                                "gateway use it",
                                                work.settings.name));
  }
  const auto current = work.keystore.open(installed);
  // If the installed keystore cannot be opened, only the configured account can be compared.
  const Certificate& before = current ? current->keystore.certificate : chosen.keystore.certificate;
  return certificate::accept_account(chosen.keystore.certificate, before, work.settings.account_id());
}

// Stores the installed keystore as a generation, and moves a waiting answer aside.
Result<Record> give_up(Workspace& work, const std::string& installed, int generation) {
  TRY_LET(const auto answer, work.answers.load());
  if (answer) {
    TRY(work.answers.set_aside(work.clock.now()).map([](const auto& /*path*/) {}));
  }
  Record record{.phase = Phase::rolling_back, .previous_generation = generation};
  // Units that an unfinished renewal has left down must run again.
  if (const auto unfinished = work.journal.peek()) {
    record.last_activation = unfinished->last_activation;
    record.forget_invocations();
  }
  // A keystore that cannot be opened can be replaced, too.
  std::optional<state::CertificateRecord> certificate;
  if (const auto opened = work.keystore.open(installed)) {
    certificate = state::record_of(opened->keystore.certificate);
    record.fingerprint = certificate->fingerprint;
  }
  TRY_LET(const bool is_held, work.generations.holds(installed));
  if (!is_held) {
    if (auto stored = work.generations.store(installed, certificate, generation); !stored) {
      return tl::unexpected(with_context("storing the installed keystore", std::move(stored.error())));
    }
  }
  return record;
}

}  // namespace

asio::awaitable<Result<Completed>> activate_installed(Workspace& work, Deploy& deploy) {
  CO_TRY_LET(std::optional<Record> record, load_unfinished(work));
  if (record && record->is_at_gateway()) {
    if (record->phase != Phase::rolling_back) {
      record->phase = Phase::installed;
    }
    record->forget_invocations();  // the operator wants it activated in any case
    co_return co_await deploy.carry_on(std::move(record));
  }
  CO_TRY_LET(const InstalledKeystore installed, work.keystore.read());
  const Certificate& certificate = installed.keystore.certificate;
  if (!record) {
    // If the gateway stays down, the next run activates it again.
    const Record begun{.phase = Phase::installed, .fingerprint = certificate.fingerprint_sha256()};
    CO_TRY_LET(record, work.reach(begun, Phase::installed));
    co_return co_await deploy.carry_on(std::move(record));
  }
  // A waiting answer stays in the journal, which also has the units that ran before.
  record->forget_invocations();
  GatewayStep step = co_await deploy.steps().activate_and_verify(std::move(*record), "installed", certificate);
  if (!step.outcome) {
    co_return tl::unexpected(std::move(step.outcome.error()));
  }
  step.record.last_activation.reset();
  CO_TRY(work.journal.write(step.record));
  co_return Completed{certificate, std::move(*step.outcome)};
}

asio::awaitable<Result<Completed>> restore(Workspace& work, Deploy& deploy, std::optional<int> generation) {
  auto installed = work.keystore.read_bytes();
  if (!installed) {
    if (!work.keystore.exists()) {
      installed.error().advice = state::advice_on_missing(work.generations, work.settings.keystore.path);
    }
    co_return tl::unexpected(with_context("rolling back", std::move(installed.error())));
  }
  CO_TRY_LET(const int number,
             generation ? chosen_generation(work, *generation) : previous_generation(work, *installed));
  auto chosen =
      work.generations.read(number).and_then([&](std::string bytes) { return work.keystore.open(std::move(bytes)); });
  Result<void> accepted;
  if (chosen && generation) {
    accepted = check_choice(work, *chosen, *installed);
  }
  if (!chosen || !accepted) {
    co_return tl::unexpected(with_context(fmt::format("installing generation {}", number),
                                          std::move(chosen ? accepted.error() : chosen.error())));
  }
  const auto not_after = chosen->keystore.certificate.not_after();
  if (not_after <= work.clock.now()) {
    co_return failure(ErrorKind::disk, fmt::format("generation {} expired at {}: installing it would be an outage",
                                                   number, format_time(not_after)));
  }
  CO_TRY_LET(Record record, give_up(work, *installed, number));
  co_return co_await deploy.roll_back().restore_chosen(std::move(record), std::move(*chosen), std::move(*installed));
}

}  // namespace renewd::renewal
