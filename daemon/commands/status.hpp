// `status`: shows the state of each certificate, from the disk alone, with or without a daemon.
#pragma once

#include <filesystem>
#include <ostream>
#include <string>

#include "commands/overview.hpp"
#include "commands/screen.hpp"
#include "core/clock.hpp"

namespace renewd::commands {

struct StatusOptions {
  std::filesystem::path configuration;
  bool json = false;
  bool watch = false;  // refresh every second, until Ctrl-C
};

// Exit status: 0 whatever the state, 1 without permission, 2 for a wrong configuration. `screen` describes `out`.
int status(const StatusOptions& options, const Screen& screen, std::ostream& out, std::ostream& errors);

// One JSON object on one line, as in docs/status.md.
std::string status_json(const Overview& overview, const std::filesystem::path& state_directory, TimePoint now);

}  // namespace renewd::commands
