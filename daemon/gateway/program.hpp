// Checks a command's program before it runs: whether the kernel would execute it, and who can change it.
#pragma once

#include <string>
#include <vector>

#include "core/error.hpp"

namespace renewd::gateway {

// The program's file: as given if there is a slash in it, else found in PATH. Refuses a file that other users can
// change; whether it is executable, the kernel decides. Error kind: gateway.
Result<std::string> find_program(const std::string& name);

// Why the kernel could not execute a program (execve(2)): another architecture, a script without interpreter, or whose
// interpreter is missing, its mode, a noexec mount. In doubt the program is accepted, such as an unknown format if
// binfmt_misc adds formats. Error kind: gateway.
Result<void> check_program(const std::string& program);

// Checks everything that starting the command needs, without starting it. Returns the program's file. Error kind:
// gateway.
Result<std::string> check_command(const std::vector<std::string>& argv);

}  // namespace renewd::gateway
