// The checks of the fleet's part: findings from what the daemon saw in etcd. Pure.
#pragma once

#include <vector>

#include "core/clock.hpp"
#include "report/certificate_status.hpp"
#include "report/finding.hpp"

namespace renewd::report {

// So long, it is not worth a warning.
inline constexpr std::chrono::hours kUnreachableFor{1};
inline constexpr std::chrono::days kBehindFor{1};

// Nothing without a fleet.
void add_fleet_findings(const CertificateStatus& standing, TimePoint now, std::vector<Finding>& findings);

}  // namespace renewd::report
