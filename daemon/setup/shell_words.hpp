// Splits a simple command into words as a POSIX shell does, for scripts in ExecStart=.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "setup/unit_words.hpp"

namespace renewd::setup {

// Handles quotes, backslashes, $NAME and ${NAME}. The value of an unquoted variable is split, and quotes in it are
// literal. Other expansions are left unchanged. The end of the text closes an open quote.
std::vector<std::string> shell_words(std::string_view text, const Environment& environment);

// Splits at white space, as the shell does with the value of an unquoted variable.
std::vector<std::string> split_at_space(std::string_view text);

}  // namespace renewd::setup
