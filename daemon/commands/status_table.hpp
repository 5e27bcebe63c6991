// The table of `status`. Pure.
#pragma once

#include <string>

#include "commands/overview.hpp"
#include "commands/screen.hpp"
#include "core/clock.hpp"

namespace renewd::commands {

// A line about the daemon, then a row for each certificate. Cells that do not fit into columns, and remarks, follow on
// separate lines below the row. No line is wider than the screen.
std::string status_table(const Overview& overview, TimePoint now, const Screen& screen);

}  // namespace renewd::commands
