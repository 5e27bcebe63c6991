// Replacing the installed keystore by what the stored answer holds.
#include <utility>

#include <fmt/format.h>

#include "core/text.hpp"
#include "core/try.hpp"
#include "installation/installer.hpp"
#include "renewal/renewal.hpp"

namespace renewd::renewal {

using certificate::Certificate;

// Judges the stored answer against the keystore as it is now, and puts the new one in its place.
Result<Renewal::Replaced> Renewal::install(Entry record) {
  TRY_LET(const Installed installed, read_installed(around_.filesystem, settings_.keystore));
  TRY_LET(record, begin_judging(std::move(record)));
  TRY_LET(const cloud::Candidate candidate, judge(installed, record));
  const Certificate& renewed = candidate.keystore.certificate;
  const std::string fingerprint = renewed.fingerprint_sha256();
  // A crash between the replacement and its line in the journal: it is in place already.
  const bool in_place = installed.keystore.certificate.fingerprint_sha256() == fingerprint;
  if (!in_place) {
    auto generation = generations_.keep(installed.bytes, record_of(installed.keystore.certificate));
    if (!generation) {
      return tl::unexpected(with_context("keeping the old keystore", std::move(generation.error())));
    }
    record.fingerprint = fingerprint;
    record.previous_generation = *generation;
    TRY_LET(record, reach(record, Phase::accepted));
    TRY(installation::replace(around_.filesystem, settings_.keystore.path, installed.bytes, candidate.bytes));
  }
  record.fingerprint = fingerprint;
  tell_installed(record, renewed, installed.keystore.certificate);
  return reach(record, Phase::installed).map([&renewed](Entry reached) {
    return Replaced{std::move(reached), renewed};
  });
}

void Renewal::tell_installed(const Entry& record, const Certificate& renewed, const Certificate& previous) const {
  Fields fields = certificate_fields(renewed);
  fields.emplace_back("path", settings_.keystore.path.string());
  fields.emplace_back("generation", std::int64_t{record.previous_generation.value_or(0)});
  const std::string key = renewed.key_type();
  const std::string previous_key = previous.key_type();
  if (key != previous_key) {
    fields.emplace_back("key", key);
    fields.emplace_back("previous_key", previous_key);
  }
  event(EventName::keystore_installed,
        fmt::format("installed {}; the old keystore is generation {}{}", settings_.keystore.path.string(),
                    record.previous_generation.value_or(0),
                    key == previous_key
                        ? ""
                        : fmt::format("; the key is of another kind: {}, the previous one is {}", key, previous_key)),
        fields);
}

}  // namespace renewd::renewal
