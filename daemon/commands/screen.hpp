// The terminal or file that shows a command's result: its size, and what it can show.
#pragma once

#include <cstddef>

namespace renewd::commands {

struct Screen {
  std::size_t width = 80;
  std::size_t height = 0;  // 0: unlimited
  bool terminal = false;
  bool colour = false;
  bool utf8 = false;
};

// Width: $COLUMNS, else the terminal's, else 80. Colour: only on a terminal, never with NO_COLOR (no-color.org). UTF-8:
// as the locale says (locale(7)).
Screen screen_of(int descriptor);

}  // namespace renewd::commands
