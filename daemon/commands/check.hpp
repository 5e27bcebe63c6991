// `check`: one line for Nagios, Icinga, Checkmk or cron, in the form of the monitoring plugins.
// https://www.monitoring-plugins.org/doc/guidelines.html
#pragma once

#include <filesystem>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "commands/overview.hpp"
#include "commands/verdict.hpp"
#include "core/clock.hpp"

namespace renewd::commands {

struct CheckOptions {
  std::filesystem::path configuration;
  std::vector<std::string> names;  // all without a name
  Thresholds thresholds;
};

// Exit status of the process: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN, which is also that of a wrong configuration or
// name. `out` gets exactly one line.
int check(const CheckOptions& options, std::ostream& out, std::ostream& errors);

// Status and line, with its line break.
struct CheckResult {
  int status;
  std::string line;
};
CheckResult check_result(const Overview& overview, const Thresholds& thresholds, TimePoint now);
CheckResult check_unknown(std::string_view why);

}  // namespace renewd::commands
