#include "renewal/recovery.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/error_context.hpp"
#include "core/try.hpp"
#include "renewal/transitions.hpp"

namespace renewd::renewal {
namespace {

using certificate::Certificate;

// The journal may be damaged, or older than the keystore (after a power cut on a file system that cannot sync
// directories). The installed keystore then belongs to this renewal if it is newer than the newest generation, which is
// stored right before a replacement, and no renewal has ended with it yet.
Record with_replacement(Workspace& work, Record record) {
  const auto installed = work.keystore.read();
  const auto stored = work.generations.list().value_or(std::vector<state::Generation>());
  if (!installed || stored.empty()) {
    return record;
  }
  const Certificate& certificate = installed->keystore.certificate;
  const std::string fingerprint = certificate.fingerprint_sha256();
  const auto in_use = work.history.in_use();
  const auto ended = work.history.list();
  const auto replaced = work.certificate_in(stored.back());
  const bool is_ours = replaced && replaced->not_after < certificate.not_after() &&
                       (!in_use || in_use->fingerprint != fingerprint) &&
                       std::ranges::none_of(ended, [&](const auto& past) { return past.fingerprint == fingerprint; });
  if (is_ours) {
    record.fingerprint = fingerprint;
    record.previous_generation = stored.back().number;
  }
  return record;
}

}  // namespace

std::optional<std::chrono::sys_seconds> in_use_until(const Workspace& work, const Record& record) {
  if (!record.is_at_gateway()) {
    return std::nullopt;
  }
  if (const auto in_use = work.history.in_use()) {
    return in_use->not_after;
  }
  const auto replaced = state::certificate_of(work.generations, record.previous_generation);
  return replaced ? std::optional(replaced->not_after) : std::nullopt;
}

Result<std::optional<Record>> load_unfinished(Workspace& work) {
  TRY_LET(auto contents, work.journal.read(work.clock.now()));
  if (contents.damaged) {
    work.event(Level::warning, EventName::renewal_resumed,
               fmt::format("the journal is damaged and was moved to {}; resuming from the stored answer if there is "
                           "one, otherwise starting again",
                           contents.damaged->string()),
               {{"phase", std::string("unknown")}, {"resumed", std::int64_t{0}}});
  }
  TRY_LET(const auto answer, work.answers.load().map_error(in_context("reading the stored answer")));
  std::optional<Record> record = std::move(contents.entry);
  // An answer is stored until it is in use: if there is one, it counts more than the journal.
  if (answer && (!record || record->phase == Phase::requested)) {
    record = advanced(record.value_or(Record{}), Phase::answered, work.clock.now());
  }
  if (answer && record->phase == Phase::answered && !record->fingerprint) {
    record = with_replacement(work, std::move(*record));
  }
  switch (start_of(record, answer.has_value(), record && was_replaced_externally(work, *record))) {
    case Start::resume:
      return record;
    case Start::adapt:
      return adapt(work, std::move(*record));
    case Start::give_up_answer: {
      TRY(work.answers.set_aside(work.clock.now()).map([](const auto& /*path*/) {}));
      break;
    }
    case Start::new_renewal:
      break;
  }
  if (record) {
    TRY(work.journal.clear());
  }
  return std::nullopt;
}

bool was_replaced_externally(Workspace& work, const Record& record) {
  if (!record.is_at_gateway()) {
    return false;  // the gate will decide
  }
  const auto installed = work.keystore.read();
  if (!installed || installed->keystore.certificate.fingerprint_sha256() == record.fingerprint) {
    return false;
  }
  if (record.phase == Phase::rolling_back && record.previous_generation) {
    const auto previous = work.generations.read(*record.previous_generation);
    if (previous && *previous == installed->bytes) {
      return false;
    }
  }
  work.event(EventName::certificate_changed_on_disk,
             "the keystore was replaced externally; the renewal is checked again against it",
             certificate_fields(installed->keystore.certificate));
  work.on_expected(installed->keystore.certificate);
  return true;
}

Result<std::optional<Record>> adapt(Workspace& work, Record record) {
  TRY_LET(const auto answer, work.answers.load());
  if (!answer) {
    return hand_over(work, record);
  }
  record.fingerprint.reset();
  record.previous_generation.reset();
  record.in_use = false;
  return work.reach(record, Phase::answered);
}

Result<std::optional<Record>> hand_over(Workspace& work, const Record& record) {
  const auto installed = work.keystore.read();
  if (!record.last_activation || !installed) {
    TRY(work.journal.clear());
    return std::nullopt;
  }
  Record external{.phase = Phase::installed,
                  .fingerprint = installed->keystore.certificate.fingerprint_sha256(),
                  .last_activation = record.last_activation};
  external.forget_invocations();
  return work.reach(external, Phase::installed);
}

}  // namespace renewd::renewal
