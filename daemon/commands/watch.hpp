// Drawing something again each second, until somebody has seen enough.
#pragma once

#include <functional>
#include <ostream>
#include <string>

#include "commands/screen.hpp"

namespace renewd::commands {

// `in_place`: on a terminal, which shows the last drawing and nothing else; it is as before when this returns, and the
// last drawing stays. Otherwise each drawing that differs from the one before is written. Returns true at SIGINT,
// SIGTERM or SIGHUP, false when nothing can be written to `out` any more.
bool watch(const std::function<std::string(const Screen&)>& draw, Screen screen, bool in_place, std::ostream& out);

}  // namespace renewd::commands
