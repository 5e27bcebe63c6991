// The words of the command line: which command they mean, with which options, and what --help says of each.
#pragma once

namespace renewd::commands {

// Runs the command and returns its exit status.
int run_command_line(int argc, const char* const* argv);

}  // namespace renewd::commands
