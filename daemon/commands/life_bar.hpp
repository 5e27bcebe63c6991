// The lifetime of a certificate as a bar, for `status` and `plan`.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "commands/screen.hpp"
#include "core/clock.hpp"

namespace renewd::commands {

struct Lifetime {
  std::chrono::sys_seconds begins;
  std::chrono::sys_seconds window_opens;
  std::chrono::sys_seconds ends;
};

// In `width` columns: elapsed, now, remaining, renewal window. In ASCII: "[=====|--------~~~]".
std::string life_bar(const Lifetime& life, TimePoint now, std::size_t width, const Screen& screen);

// Explains the signs of the bar, on one line.
std::string life_bar_legend(const Screen& screen);

}  // namespace renewd::commands
