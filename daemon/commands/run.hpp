// `run`: the daemon, in the foreground.
#pragma once

#include <filesystem>
#include <ostream>

namespace renewd::commands {

// Exit status 0 after SIGTERM or SIGINT, 1 when another daemon works in the same state directory or the limit of open
// files is too low, 2 when the configuration cannot be used.
int run(const std::filesystem::path& configuration, std::ostream& errors);

}  // namespace renewd::commands
