#include "report/certificate_status.hpp"

#include <algorithm>
#include <utility>

#include "renewal/host.hpp"
#include "renewal/token_watch.hpp"

namespace renewd::report {

bool CertificateStatus::installed_is_in_use() const {
  return in_use && outlook && outlook->certificate.fingerprint_sha256() == in_use->fingerprint;
}

const state::PastRenewal* CertificateStatus::last_success() const {
  const auto newest =
      std::find_if(history.rbegin(), history.rend(), [](const auto& past) { return past.outcome == "renewed"; });
  return newest == history.rend() ? nullptr : &*newest;
}

CertificateStatus read_status(Filesystem& filesystem, const keystore::Store& store,
                              const Result<keystore::InstalledKeystore>& installed,
                              const configuration::CertificateSettings& certificate,
                              const std::filesystem::path& state_directory, TimePoint now, Reader reader) {
  const state::StatePaths paths(state_directory, certificate.name);
  const state::Generations generations(filesystem, paths);
  const state::History history(filesystem, paths);
  CertificateStatus standing{.name = certificate.name,
                             .keystore = certificate.keystore.path,
                             .renew = certificate.renew,
                             .looked_at = now,
                             .outlook = installed.map([](const keystore::InstalledKeystore& opened) {
                               return Outlook{opened.keystore.certificate};
                             }),
                             .in_use = history.in_use(),
                             .unfinished = state::Journal(filesystem, paths).peek(),
                             .attempts = state::RetryStateStore(filesystem, paths).load(),
                             .requests = state::RequestLog(filesystem, paths).peek(now),
                             .answer_is_stored = filesystem.exists(paths.answer()),
                             .history = history.list()};
  if (standing.activation_pending() && !standing.in_use) {
    standing.replaced = state::certificate_of(generations, standing.unfinished->previous_generation);
  }
  if (certificate.renew == configuration::RenewMode::automatic) {
    if (certificate.token && (reader == Reader::daemon || !is_out_of_sight(*certificate.token))) {
      standing.token_problem = renewal::token_problem(*certificate.token, now);
      standing.token_advice = renewal::token_advice(*certificate.token, now);
      standing.token_not_after = renewal::token_expiry(*certificate.token);
    }
    if (auto replaceable = store.check_replaceable(); !replaceable) {
      standing.replacement_problem = std::move(replaceable.error().message);
      standing.replacement_advice = std::move(replaceable.error().advice);
    }
  }
  if (!standing.outlook) {
    if (!store.exists()) {
      standing.restore_advice = state::restore_advice(generations);
    }
    return standing;
  }
  if (auto stored = state::longer_lasting(generations, standing.outlook->certificate.not_after());
      stored && stored->certificate->not_after > now) {
    standing.longer_lasting = std::move(stored);
  }
  return standing;
}

void plan(CertificateStatus& standing, const configuration::CertificateSettings& certificate,
          const configuration::ScheduleSettings& schedule, std::chrono::seconds splay, TimePoint now) {
  standing.looked_at = now;
  if (!standing.outlook) {
    return;
  }
  Outlook& outlook = *standing.outlook;
  const renewal::Validity validity{outlook.certificate.not_before(), outlook.certificate.not_after()};
  const auto stage = renewal::stage_of(standing.unfinished, standing.answer_is_stored);
  outlook.window_opens = renewal::window_opens(validity, certificate.renew_before);
  outlook.splay = splay;
  outlook.step = renewal::Schedule(certificate, schedule, splay, standing.attempts, 0)
                     .next({validity, stage, standing.requests}, now);
  outlook.next_look = std::min(outlook.step.at, now + schedule.check_every);
}

CertificateStatus look_at(Filesystem& filesystem, keystore::Store& store,
                          const configuration::CertificateSettings& certificate,
                          const configuration::ScheduleSettings& schedule, const std::filesystem::path& state_directory,
                          TimePoint now) {
  CertificateStatus standing =
      read_status(filesystem, store, store.read(), certificate, state_directory, now, Reader::command);
  plan(standing, certificate, schedule,
       renewal::splay_offset(renewal::host_identity(filesystem), certificate.name, schedule.splay), now);
  return standing;
}

}  // namespace renewd::report
