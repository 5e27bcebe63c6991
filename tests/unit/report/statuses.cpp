#include "statuses.hpp"

#include <utility>

#include "renewal/schedule.hpp"

namespace renewd::testing {

using namespace std::chrono_literals;
using state::CertificateRecord;

Minted minted_for(const Situation& situation) {
  return mint({.common_name = "7b6f41d3-7118-41e9-af41-d3711801e973",
               .not_before = kNow + situation.left - situation.life,
               .not_after = kNow + situation.left,
               .seed = situation.name,
               .serial = 0x4F3A09C217});
}

report::CertificateStatus standing_in(const Situation& situation) {
  const Minted minted = minted_for(situation);
  const auto& certificate = minted.certificate;
  configuration::CertificateSettings settings;
  settings.name = situation.name;
  settings.renew = situation.renew;
  settings.renew_before = situation.renew_before;
  settings.renew_windows = situation.renew_windows;
  settings.activate_windows = situation.activate_windows;
  settings.override_windows_before = situation.override_windows_before;
  report::CertificateStatus standing{.name = situation.name,
                                     .keystore = "/opt/graviteeio/apim/gateway/config/" + situation.name + ".p12",
                                     .renew = situation.renew,
                                     .looked_at = kNow,
                                     .outlook = report::Outlook{certificate},
                                     .unfinished = situation.unfinished,
                                     .attempts = situation.attempts};
  report::plan(standing, settings, {}, 3h + 12min, kNow);
  if (situation.in_use) {
    standing.in_use = CertificateRecord{certificate.serial(), certificate.fingerprint_sha256(),
                                        certificate.not_before(), certificate.not_after()};
    standing.history = {{"rolled_back", "", kNow - 54 * 24h},
                        {"renewed", certificate.fingerprint_sha256(), certificate.not_before() + 10min}};
  }
  return standing;
}

report::CertificateStatus unreadable(const std::string& name) {
  const std::string path = "/opt/graviteeio/apim/gateway/config/" + name + ".p12";
  return {.name = name,
          .keystore = path,
          .looked_at = kNow,
          .outlook = failure(ErrorKind::disk,
                             "opening the keystore " + path + ": wrong password: the integrity check (MAC) fails")};
}

CertificateRecord another_in_use(std::chrono::seconds left) {
  return {"21D05F6A3B", "another", kNow + left - 365 * 24h, kNow + left};
}

state::JournalEntry journal_at(state::Phase phase) {
  state::JournalEntry entry;
  entry.phase = phase;
  entry.reached = {{state::Phase::requested, kNow - 2min}, {phase, kNow - 1min}};
  return entry;
}

state::RetryState failed(unsigned times, const std::string& error_class, const std::string& message) {
  return {.failures_in_a_row = times,
          .last_failure = error_class,
          .last_message = message,
          .failing_since = kNow - 26h,
          .failed_at = kNow - 1h,
          .not_before = kNow + 42min,
          .days_announced = 30};
}

}  // namespace renewd::testing
