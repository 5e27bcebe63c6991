// The words that a POSIX shell makes of a simple command, as a script of an ExecStart= has it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "setup/unit_words.hpp"

namespace renewd::setup {

// Quotes, backslashes, $NAME and ${NAME}; what an unquoted variable holds is split, and its quotes are only
// characters. Any other expansion stays as it is written. A quote that is not closed ends with the text.
std::vector<std::string> shell_words(std::string_view text, const Environment& environment);

// What the shell makes of an unquoted variable's value: pieces between white space.
std::vector<std::string> split_at_space(std::string_view text);

}  // namespace renewd::setup
