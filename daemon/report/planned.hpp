// What keeps a certificate from expiring without anybody's help: a step that is planned, or under way. Pure.
#pragma once

#include <optional>
#include <string>

#include "core/clock.hpp"
#include "report/certificate_status.hpp"

namespace renewd::report {

struct Planned {
  std::string text;  // "renewal on 2026-11-25 02:12 UTC (maintenance window Wed 03:12 Europe/Paris)"
  TimePoint until;   // when it begins, or should be complete
};

// Nothing if what was planned did not happen, if it failed, or if nothing would do it. The keystore must be readable.
std::optional<Planned> planned(const CertificateStatus& standing, TimePoint now);

}  // namespace renewd::report
