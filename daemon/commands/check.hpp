// `check`: one line for Nagios, Icinga, Checkmk or cron, in the form of the monitoring plugins.
// https://www.monitoring-plugins.org/doc/guidelines.html
#pragma once

#include <chrono>
#include <filesystem>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "commands/overview.hpp"
#include "core/clock.hpp"
#include "report/assessment.hpp"

namespace renewd::commands {

// NRPE's default; the guidelines' 10 s are too short for a host with hundreds of keystores.
inline constexpr std::chrono::seconds kCheckTimeout{60};

struct CheckOptions {
  std::filesystem::path configuration;
  std::vector<std::string> names;  // empty: all
  report::Thresholds thresholds;
  std::chrono::seconds timeout = kCheckTimeout;
  unsigned verbosity = 0;  // lines after the first: 1 each certificate, 2 its details, 3 what was checked
};

// Exit status: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN (also for a wrong configuration or name). Writes exactly one line
// to `out`, and more only with a verbosity. After the timeout the process ends with UNKNOWN.
int check(const CheckOptions& options, std::ostream& out, std::ostream& errors);

// Each line ends with a line break.
struct CheckResult {
  int status;
  std::string line;
  std::string details = "";  // further lines
};
CheckResult check_result(const Overview& overview, const report::Thresholds& thresholds, TimePoint now,
                         unsigned verbosity = 0);
CheckResult check_unknown(std::string_view why);

}  // namespace renewd::commands
