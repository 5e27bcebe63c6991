#include "report/certificate_status.hpp"

#include <algorithm>
#include <utility>

#include "core/secret.hpp"
#include "renewal/host.hpp"
#include "renewal/token_watch.hpp"
#include "state/state_files.hpp"

namespace renewd::report {

bool CertificateStatus::installed_is_in_use() const {
  return in_use && outlook && outlook->certificate.fingerprint_sha256() == in_use->fingerprint;
}

bool CertificateStatus::renewal_is_due() const {
  return unfinished || (outlook && renew == configuration::RenewMode::automatic && !outlook->clock_is_doubtful() &&
                        looked_at >= outlook->window_opens);
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
      standing.token_not_after = renewal::token_expiry(*certificate.token);
    }
    if (auto replaceable = store.check_replaceable(); !replaceable) {
      standing.replacement_problem = std::move(replaceable.error().message);
    }
    if (auto writable = state::check_state(filesystem, paths); !writable) {
      standing.state_problem = std::move(writable.error().message);
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

bool see_gateway(CertificateStatus& standing, const keystore::Store& store, std::optional<gateway::GatewayState> seen) {
  standing.gateway = std::move(seen);
  if (!standing.outlook || !standing.in_use || standing.installed_is_in_use() || standing.unfinished ||
      !standing.gateway || !standing.gateway->running_since) {
    return false;
  }
  const auto placed_at = store.placed_at();
  if (!placed_at || *standing.gateway->running_since <= *placed_at) {
    return false;
  }
  standing.in_use = state::record_of(standing.outlook->certificate);
  return true;
}

state::Observation observation_of(const CertificateStatus& standing,
                                  const configuration::CertificateSettings& certificate) {
  const bool unhealthy = standing.gateway && standing.gateway->health == gateway::Health::unhealthy;
  return {.keystore = standing.outlook ? "" : standing.outlook.error().message,
          .token = standing.token_problem.value_or(""),
          .replacement = standing.replacement_problem.value_or(""),
          .state = standing.state_problem.value_or(""),
          .activation = standing.activation_problem.value_or(""),
          .health = unhealthy ? standing.gateway->message : "",
          .token_not_after = standing.token_not_after,
          .token_changed = certificate.token ? changed_at(*certificate.token) : std::nullopt};
}

void take_daemons_view(CertificateStatus& standing, const configuration::CertificateSettings& certificate,
                       const state::Observation& seen) {
  const auto add = [](std::optional<std::string>& problem, const std::string& found) {
    if (!problem && !found.empty()) {
      problem = found;
    }
  };
  if (standing.outlook && !seen.keystore.empty()) {
    standing.outlook = failure(ErrorKind::disk, "the daemon cannot read it: " + seen.keystore);
  }
  // A token that has been changed since may be a good one.
  if (certificate.token && seen.token_changed == changed_at(*certificate.token)) {
    add(standing.token_problem, seen.token);
    standing.token_not_after = standing.token_not_after ? standing.token_not_after : seen.token_not_after;
  }
  add(standing.replacement_problem, seen.replacement);
  add(standing.state_problem, seen.state);
  add(standing.activation_problem, seen.activation);
  if (!seen.health.empty() && (!standing.gateway || standing.gateway->health == gateway::Health::up)) {
    standing.gateway = gateway::GatewayState{gateway::Health::unhealthy, seen.health, ""};
  }
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
