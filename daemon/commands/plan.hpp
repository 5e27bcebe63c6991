// `plan`: shows what would happen next to each certificate, when, and why. Changes nothing.
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

// Exit status: 0 (also if a keystore is unreadable), 1 without permission, 2 for a wrong configuration or name.
int plan(const PlanOptions& options, const Screen& screen, std::ostream& out, std::ostream& errors);

}  // namespace renewd::commands
