#include "renewal/outlook.hpp"

#include <algorithm>
#include <utility>

#include "installation/journal.hpp"
#include "renewal/host.hpp"
#include "renewal/installed.hpp"

namespace renewd::renewal {

Result<Outlook> look_ahead(Filesystem& filesystem, const configuration::CertificateSettings& certificate,
                           const configuration::ScheduleSettings& schedule,
                           const std::filesystem::path& state_directory, TimePoint now) {
  auto installed = read_installed(filesystem, certificate.keystore);
  if (!installed) {
    return tl::unexpected(std::move(installed.error()));
  }
  const installation::StatePaths paths(state_directory, certificate.name);
  const auto attempts = installation::AttemptStore(filesystem, paths).load();
  const auto requests = installation::RequestLog(filesystem, paths).peek(now);
  const auto& found = installed->keystore.certificate;
  const Validity validity{found.not_before(), found.not_after()};
  const auto offset = splay_offset(host_identity(filesystem), certificate.name, schedule.splay);
  const auto stage = stage_of(installation::Journal(filesystem, paths).peek(), filesystem.exists(paths.answer()));
  Step step = Schedule(certificate, schedule, offset, attempts, 0).next({validity, stage, requests}, now);
  const TimePoint next_look = std::min(step.at, now + schedule.check_every);
  return Outlook{
      found,          window_opens(validity, certificate.renew_before), offset, std::move(step), next_look, attempts,
      requests.size()};
}

}  // namespace renewd::renewal
