// Which program runs a script whose first line is `#!/usr/bin/env …`.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace renewd::gateway {

// The program that env(1) of coreutils searches for. `argument` is the rest of the line, which the kernel passes as one
// argument, blanks included. Empty if unknown: variables, quotes, another PATH, an unknown option.
std::optional<std::string> program_of_env(std::string_view argument);

}  // namespace renewd::gateway
