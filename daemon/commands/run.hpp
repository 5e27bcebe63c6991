// `run`: the daemon, in the foreground.
#pragma once

#include <filesystem>
#include <ostream>

namespace renewd::commands {

// Exit status: 0 after SIGTERM or SIGINT, 1 if another daemon uses the same state directory or the limit of open files
// is too low, 2 if the configuration is invalid.
int run(const std::filesystem::path& configuration, std::ostream& errors);

}  // namespace renewd::commands
