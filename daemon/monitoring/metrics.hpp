// All metrics (docs/monitoring.md), from the counters and the board.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "monitoring/counters.hpp"
#include "monitoring/exposition.hpp"
#include "report/certificate_status.hpp"

namespace renewd::monitoring {

// `names`: the configured certificates. Those without a standing only have counters.
std::vector<Family> metrics(const std::vector<std::string>& names,
                            const std::map<std::string, report::CertificateStatus>& standings, const Counters& counters,
                            TimePoint now);

}  // namespace renewd::monitoring
