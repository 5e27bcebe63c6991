#include "commands/screen.hpp"

#include <langinfo.h>
#include <locale.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace renewd::commands {
namespace {

// The limits of what people can read.
constexpr std::size_t kNarrowest = 50;
constexpr std::size_t kWidest = 400;

std::size_t columns_of_environment() {
  const char* const text = std::getenv("COLUMNS");
  std::size_t columns = 0;
  if (text != nullptr) {
    (void)std::from_chars(text, text + std::strlen(text), columns);
  }
  return columns;
}

// Does not call setlocale(), because nothing else should depend on the locale.
bool locale_is_utf8() {
  const locale_t locale = ::newlocale(LC_CTYPE_MASK, "", nullptr);
  if (locale == nullptr) {
    return false;
  }
  const bool utf8 = std::string_view(::nl_langinfo_l(CODESET, locale)) == "UTF-8";
  ::freelocale(locale);
  return utf8;
}

}  // namespace

Screen screen_of(int descriptor) {
  Screen screen;
  screen.terminal = ::isatty(descriptor) == 1;
  std::size_t width = columns_of_environment();
  winsize size{};
  if (screen.terminal && ::ioctl(descriptor, TIOCGWINSZ, &size) == 0) {
    width = width != 0 ? width : size.ws_col;
    screen.height = size.ws_row;
  }
  screen.width = width == 0 ? screen.width : std::clamp(width, kNarrowest, kWidest);
  const char* const no_color = std::getenv("NO_COLOR");
  screen.colour = screen.terminal && (no_color == nullptr || *no_color == '\0');
  screen.utf8 = locale_is_utf8();
  return screen;
}

}  // namespace renewd::commands
