// Text laid out for a screen, so that a terminal never has to break a line itself.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "commands/screen.hpp"
#include "core/clock.hpp"

namespace renewd::commands {

// How many columns a UTF-8 text takes: rather too many than too few, since what a terminal makes of rare characters
// differs.
std::size_t columns(std::string_view text);

// Filled up with spaces; what is longer already stays as it is.
std::string padded(std::string_view text, std::size_t width);

// What the screen can show of it: escaped() (core/text.hpp), and in its encoding.
std::string shown(std::string_view foreign, const Screen& screen);

// What to do with a path or a URL that is longer than a line: break it, or leave it whole for whoever copies it.
enum class LongWords { broken, whole };

// Lines of at most `width` columns, broken at spaces.
std::vector<std::string> wrapped(std::string_view text, std::size_t width, LongWords long_words = LongWords::broken);

// "  label      value", the value in as many lines as it needs, each below the other. `label_width` includes the space
// between the two.
std::string labelled(std::string_view label, std::string_view value, std::size_t indent, std::size_t label_width,
                     const Screen& screen, LongWords long_words = LongWords::broken);

// "2026-11-24", "2026-11-24 17:41"; UTC.
std::string day_of(TimePoint time);
std::string minute_of(TimePoint time);

}  // namespace renewd::commands
