#include "renewal/standing.hpp"

#include <algorithm>
#include <utility>

#include "installation/installer.hpp"
#include "renewal/host.hpp"
#include "renewal/installed.hpp"
#include "renewal/token_watch.hpp"

namespace renewd::renewal {

bool Standing::installed_is_in_use() const {
  return in_use && outlook && outlook->certificate.fingerprint_sha256() == in_use->fingerprint;
}

const installation::PastRenewal* Standing::last_success() const {
  const auto newest =
      std::find_if(history.rbegin(), history.rend(), [](const auto& past) { return past.outcome == "renewed"; });
  return newest == history.rend() ? nullptr : &*newest;
}

Standing standing_of(Filesystem& filesystem, Result<certificate::Certificate> installed,
                     const configuration::CertificateSettings& certificate,
                     const configuration::ScheduleSettings& schedule, const std::filesystem::path& state_directory,
                     TimePoint now, Looker looker) {
  const installation::StatePaths paths(state_directory, certificate.name);
  const installation::History history(filesystem, paths);
  const auto requests = installation::RequestLog(filesystem, paths).peek(now);
  Standing standing{.name = certificate.name,
                    .keystore = certificate.keystore.path,
                    .renew = certificate.renew,
                    .looked_at = now,
                    .outlook = failure(ErrorKind::disk, ""),
                    .in_use = history.in_use(),
                    .unfinished = installation::Journal(filesystem, paths).peek(),
                    .attempts = installation::AttemptStore(filesystem, paths).load(),
                    .requests = requests.size(),
                    .history = history.list()};
  if (standing.activation_pending() && !standing.in_use) {
    standing.replaced = installation::certificate_of(installation::Generations(filesystem, paths),
                                                     standing.unfinished->previous_generation);
  }
  const bool token_is_seen = certificate.token && (looker == Looker::daemon || !is_out_of_sight(*certificate.token));
  if (token_is_seen && certificate.renew == configuration::RenewMode::automatic) {
    standing.token_problem = token_problem(*certificate.token, now);
    standing.token_not_after = token_end(*certificate.token);
  }
  if (certificate.renew == configuration::RenewMode::automatic) {
    if (auto replaceable = installation::check_replaceable(filesystem, certificate.keystore.path); !replaceable) {
      standing.replacement_problem = std::move(replaceable.error().message);
    }
  }
  if (!installed) {
    if (!filesystem.exists(certificate.keystore.path)) {
      standing.way_back = installation::way_back(installation::Generations(filesystem, paths));
    }
    standing.outlook = tl::unexpected(std::move(installed.error()));
    return standing;
  }
  const Validity validity{installed->not_before(), installed->not_after()};
  if (auto kept = installation::longer_lasting(installation::Generations(filesystem, paths), validity.not_after);
      kept && kept->certificate->not_after > now) {
    standing.longer_lasting = std::move(kept);
  }
  const auto offset = splay_offset(host_identity(filesystem), certificate.name, schedule.splay);
  const auto stage = stage_of(standing.unfinished, filesystem.exists(paths.answer()));
  Step step = Schedule(certificate, schedule, offset, standing.attempts, 0).next({validity, stage, requests}, now);
  const TimePoint next_look = std::min(step.at, now + schedule.check_every);
  standing.outlook = Outlook{std::move(*installed), window_opens(validity, certificate.renew_before), offset,
                             std::move(step), next_look};
  return standing;
}

Standing look_at(Filesystem& filesystem, const configuration::CertificateSettings& certificate,
                 const configuration::ScheduleSettings& schedule, const std::filesystem::path& state_directory,
                 TimePoint now) {
  auto installed = read_installed(filesystem, certificate.keystore).map([](Installed&& found) {
    return std::move(found.keystore.certificate);
  });
  return standing_of(filesystem, std::move(installed), certificate, schedule, state_directory, now, Looker::command);
}

}  // namespace renewd::renewal
