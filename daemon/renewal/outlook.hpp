// What the daemon would do next with a certificate, and why: read from the disk without touching anything, so that it
// can be shown while the daemon is at work.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "certificate/certificate.hpp"
#include "configuration/settings.hpp"
#include "core/clock.hpp"
#include "core/error.hpp"
#include "core/filesystem.hpp"
#include "installation/attempts.hpp"
#include "renewal/schedule.hpp"

namespace renewd::renewal {

struct Outlook {
  certificate::Certificate certificate;
  std::chrono::sys_seconds window_opens;
  std::chrono::seconds splay;  // this host's
  Step step;                   // as of `now`
  TimePoint next_look;         // at the latest
  installation::Attempts attempts;
  std::size_t requests;  // of the last day
};

// Error kind: disk, for a keystore that cannot be read.
Result<Outlook> look_ahead(Filesystem& filesystem, const configuration::CertificateSettings& certificate,
                           const configuration::ScheduleSettings& schedule,
                           const std::filesystem::path& state_directory, TimePoint now);

}  // namespace renewd::renewal
