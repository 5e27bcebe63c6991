// `plan`: what would happen next to each certificate, when, and why. Looks, and changes nothing.
#pragma once

#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

#include "commands/screen.hpp"

namespace renewd::commands {

struct PlanOptions {
  std::filesystem::path configuration;
  std::vector<std::string> names;  // all without a name
  bool json = false;
};

// Exit status of the process: 0, 2 for a wrong configuration or name. A keystore that cannot be read is part of the
// plan.
int plan(const PlanOptions& options, const Screen& screen, std::ostream& out, std::ostream& errors);

}  // namespace renewd::commands
