// The line that systemd shows as STATUS=: the findings (renewal/assessment) and what comes next.
#pragma once

#include <map>
#include <string>

#include "core/clock.hpp"
#include "report/certificate_status.hpp"

namespace renewd::report {

// "production: 312 days left, next check at 2026-11-24 17:41 UTC"; with its severity, unless that is OK.
std::string summary(const CertificateStatus& standing, TimePoint now);

// The three most urgent certificates in one line, and how many more there are.
std::string summary(const std::map<std::string, CertificateStatus>& standings, TimePoint now);

}  // namespace renewd::report
