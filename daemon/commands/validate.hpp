// `validate`: whether a configuration file can be used, with every error at once, and what this host has to say to it.
#pragma once

#include <filesystem>
#include <ostream>

namespace renewd::commands {

struct ValidateOptions {
  std::filesystem::path configuration;
  bool online = false;  // try the way to the cloud, too
  bool strict = false;  // warnings are errors
};

// Exit status 0 or 2, or 1 when a signal ended it. The verdict goes to `out`; errors, warnings and notes to `errors`.
int validate(const ValidateOptions& options, std::ostream& out, std::ostream& errors);

}  // namespace renewd::commands
