// `validate`: checks a configuration file, also against this host, and reports all problems at once.
#pragma once

#include <filesystem>
#include <ostream>

namespace renewd::commands {

struct ValidateOptions {
  std::filesystem::path configuration;
  bool online = false;  // also test the connection to the cloud
  bool strict = false;  // warnings are errors
};

// Exit status: 0 valid, 2 invalid, 1 if a signal ended it. Writes the result to `out`, diagnostics to `errors`.
int validate(const ValidateOptions& options, std::ostream& out, std::ostream& errors);

}  // namespace renewd::commands
