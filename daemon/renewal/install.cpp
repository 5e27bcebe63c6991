#include "renewal/install.hpp"

#include <utility>

#include <fmt/format.h>

#include "core/error_context.hpp"
#include "core/try.hpp"

namespace renewd::renewal {
namespace {

using certificate::Certificate;

void log_installed(const Workspace& work, const Record& record, const Certificate& renewed,
                   const Certificate& previous) {
  const int generation = record.previous_generation.value_or(0);
  Fields fields = certificate_fields(renewed);
  fields.emplace_back("path", work.keystore.describe());
  fields.emplace_back("generation", std::int64_t{generation});
  const std::string key = renewed.key_type();
  const std::string previous_key = previous.key_type();
  std::string change;
  if (key != previous_key) {
    fields.emplace_back("key", key);
    fields.emplace_back("previous_key", previous_key);
    change = fmt::format("; the key type changed from {} to {}", previous_key, key);
  }
  work.event(EventName::keystore_installed,
             fmt::format("installed {}; the previous keystore is stored as generation {}{}", work.keystore.describe(),
                         generation, change),
             fields);
}

}  // namespace

Result<Replaced> install(Workspace& work, Gate& gate, Record record, std::optional<Judged> judged) {
  TRY_LET(InstalledKeystore installed, work.keystore.read());
  if (!judged || !gate.still_holds(*judged, installed)) {
    TRY_LET(judged, gate.judge(installed, record));
  }
  cloud::Candidate& candidate = judged->candidate;
  const Certificate renewed = candidate.keystore.certificate;
  const std::string fingerprint = renewed.fingerprint_sha256();
  // Otherwise a crash came between the replacement and its journal entry.
  if (installed.keystore.certificate.fingerprint_sha256() != fingerprint) {
    TRY_LET(record.previous_generation,
            work.generations.store(installed.bytes, state::record_of(installed.keystore.certificate))
                .map_error(in_context("storing the previous keystore")));
    record.fingerprint = fingerprint;
    TRY_LET(record, work.reach(record, Phase::accepted));
    work.on_expected(renewed);
    TRY(work.keystore.replace(installed.bytes, candidate.bytes));
    work.keystore.remember({std::move(candidate.bytes), std::move(candidate.keystore), std::move(installed.password)});
  }
  record.fingerprint = fingerprint;
  log_installed(work, record, renewed, installed.keystore.certificate);
  TRY_LET(record, work.reach(record, Phase::installed, Durability::process));
  return Replaced{std::move(record), renewed};
}

}  // namespace renewd::renewal
