// A certificate's life as a bar, for `status` and `plan`.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "commands/screen.hpp"
#include "core/clock.hpp"

namespace renewd::commands {

struct Life {
  std::chrono::sys_seconds begins;
  std::chrono::sys_seconds window_opens;
  std::chrono::sys_seconds ends;
};

// From left to right, `width` columns: what is gone, what is to come, the renewal window, and a mark for now. In ASCII:
// "[=====|--------~~~]".
std::string life_bar(const Life& life, TimePoint now, std::size_t width, const Screen& screen);

// What the signs of the bar mean, on one line.
std::string life_bar_legend(const Screen& screen);

}  // namespace renewd::commands
