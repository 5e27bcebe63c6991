// Lays out text for a screen, so that the terminal never breaks a line itself.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "commands/screen.hpp"

namespace renewd::commands {

// How many columns a UTF-8 text takes. Overestimates rare characters, because terminals differ.
std::size_t columns(std::string_view text);

// Filled up with spaces to `width`; never cut.
std::string padded(std::string_view text, std::size_t width);

// Foreign text as the screen can show it: escaped() (core/text.hpp), and in its encoding.
std::string shown(std::string_view foreign, const Screen& screen);

// Whether to break a path or a URL that is longer than a line, or to keep it whole for copying.
enum class LongWords { broken, whole };

// Lines of at most `width` columns, broken at spaces.
std::vector<std::string> wrapped(std::string_view text, std::size_t width, LongWords long_words = LongWords::broken);

// Text of several lines for a screen: longer lines are broken at spaces, and continue below their own first word. Lines
// that begin with four spaces are commands and URLs to copy: they stay whole, and so does every word. `width` 0: the
// text as it is.
std::string fitted(std::string_view text, std::size_t width);

// "  label      value", with the value wrapped in its own column. `label_width` includes the space between the two.
std::string labelled(std::string_view label, std::string_view value, std::size_t indent, std::size_t label_width,
                     const Screen& screen, LongWords long_words = LongWords::broken);

}  // namespace renewd::commands
