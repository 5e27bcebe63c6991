// The metrics of a fleet (docs/monitoring.md); none without one.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "monitoring/exposition.hpp"
#include "report/certificate_status.hpp"

namespace renewd::monitoring {

std::vector<Family> fleet_metrics(const std::vector<std::string>& names,
                                  const std::map<std::string, report::CertificateStatus>& standings, TimePoint now);

}  // namespace renewd::monitoring
