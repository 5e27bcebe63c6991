// `plan`: shows the next action for each certificate, when, and why. Read-only.
#pragma once

#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

#include "commands/screen.hpp"

namespace renewd::commands {

struct PlanOptions {
  std::filesystem::path configuration;
  std::vector<std::string> names;  // empty: all
  bool json = false;
};

// Exit status 0, or 2 for a wrong configuration or name. An unreadable keystore is part of the plan, not a failure.
int plan(const PlanOptions& options, const Screen& screen, std::ostream& out, std::ostream& errors);

}  // namespace renewd::commands
