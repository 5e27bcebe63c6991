// `status`: where each certificate stands, from the disk alone, also when no daemon runs.
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
  bool watch = false;  // draw again each second, until Ctrl-C
};

// Exit status of the process: 0 whatever the certificates look like, 1 when this user may not look, 2 for a wrong
// configuration. `out` is standard output, `screen` what it is.
int status(const StatusOptions& options, const Screen& screen, std::ostream& out, std::ostream& errors);

// One JSON object on one line, of the shape in docs/status.md.
std::string status_json(const Overview& overview, const std::filesystem::path& state_directory, TimePoint now);

}  // namespace renewd::commands
