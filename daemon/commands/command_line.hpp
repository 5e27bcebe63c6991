// The command line: commands, their options, and --help.
#pragma once

namespace renewd::commands {

// Runs the command and returns its exit status.
int run_command_line(int argc, const char* const* argv);

}  // namespace renewd::commands
