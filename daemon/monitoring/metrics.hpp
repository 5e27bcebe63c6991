// Every metric (docs/monitoring.md): the counters, and what the board says now.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "monitoring/counters.hpp"
#include "monitoring/exposition.hpp"
#include "renewal/standing.hpp"

namespace renewd::monitoring {

// `names`: the configured certificates. Those that have not been looked at have their counters alone.
std::vector<Family> metrics(const std::vector<std::string>& names,
                            const std::map<std::string, renewal::Standing>& standings, const Counters& counters);

}  // namespace renewd::monitoring
