// What a script whose first line is `#!/usr/bin/env …` is run by.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace renewd::gateway {

// The program that env(1) of coreutils looks for. `argument` is the rest of the line, which the kernel passes as one,
// whatever blanks are in it. Nothing where that cannot be told: variables, quotes, another PATH, an unknown option.
std::optional<std::string> program_of_env(std::string_view argument);

}  // namespace renewd::gateway
