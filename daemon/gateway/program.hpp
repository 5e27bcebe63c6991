// The program of a command, before it is run: whether the kernel would start it, and who can change it.
#pragma once

#include <string>
#include <vector>

#include "core/error.hpp"

namespace renewd::gateway {

// The program's file: as given when there is a slash in it, else searched in PATH. Refused is what others can change;
// whether it can be executed, the kernel decides. Error kind: gateway.
Result<std::string> find_program(const std::string& name);

// Why the kernel could not execute a program (execve(2)): another architecture, a script without a first line or with
// an interpreter that is missing, whatever a mount or a mode forbids. What cannot be judged is not refused, such as an
// unknown format where the kernel has been taught further ones (binfmt_misc). Error kind: gateway.
Result<void> check_program(const std::string& program);

// Everything that starting the command needs, without starting it. Error kind: gateway.
Result<std::string> check_command(const std::vector<std::string>& argv);

}  // namespace renewd::gateway
