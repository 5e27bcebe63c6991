// `validate`: checks a configuration file, and compares it with this host. Reports every problem at once.
#pragma once

#include <filesystem>
#include <ostream>

namespace renewd::commands {

struct ValidateOptions {
  std::filesystem::path configuration;
  bool online = false;  // also connect to the cloud
  bool strict = false;  // warnings are errors
};

// Exit status 0 or 2, or 1 after a signal. The result goes to `out`; errors, warnings and notes to `errors`.
int validate(const ValidateOptions& options, std::ostream& out, std::ostream& errors);

}  // namespace renewd::commands
