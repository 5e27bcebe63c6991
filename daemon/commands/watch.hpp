// Refreshes a drawing every second, for `status --watch`.
#pragma once

#include <functional>
#include <ostream>
#include <string>

#include "commands/screen.hpp"

namespace renewd::commands {

// `in_place`: draws on the terminal's alternate screen, and leaves the last drawing on the normal one; otherwise
// appends each drawing that differs from the previous one. Returns true on a signal, false if writing to `out` fails.
bool watch(const std::function<std::string(const Screen&)>& draw, Screen screen, bool in_place, std::ostream& out);

}  // namespace renewd::commands
