// The table of `status`. Pure: what was seen, and a screen, to text.
#pragma once

#include <string>

#include "commands/overview.hpp"
#include "commands/screen.hpp"
#include "core/clock.hpp"

namespace renewd::commands {

// A line for the daemon, then a row for each certificate. What the screen has no column for, and what is not always
// there, follows on lines of its own below the row. No line is wider than the screen.
std::string status_table(const Overview& overview, TimePoint now, const Screen& screen);

}  // namespace renewd::commands
