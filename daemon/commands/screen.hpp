// What a command's result is drawn on: how large it is, and what it can show.
#pragma once

#include <cstddef>

namespace renewd::commands {

struct Screen {
  std::size_t width = 80;
  std::size_t height = 0;  // 0: without end
  bool terminal = false;
  bool colour = false;
  bool utf8 = false;
};

// A file descriptor as a screen. The width is $COLUMNS, else the terminal's, else 80; colour is for terminals alone,
// and never with NO_COLOR (no-color.org) set; UTF-8 is what the locale says (locale(7)).
Screen screen_of(int descriptor);

}  // namespace renewd::commands
