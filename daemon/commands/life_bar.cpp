#include "commands/life_bar.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

namespace renewd::commands {
namespace {

struct Signs {
  std::string_view gone;
  std::string_view to_come;
  std::string_view window;
  std::string_view now;
  std::string_view begin;
  std::string_view end;
};

const Signs& signs_of(const Screen& screen) {
  static constexpr Signs kAscii{"=", "-", "~", "|", "[", "]"};
  static constexpr Signs kUtf8{"█", "░", "▒", "┃", "", ""};
  return screen.utf8 ? kUtf8 : kAscii;
}

}  // namespace

std::string life_bar(const Life& life, TimePoint now, std::size_t width, const Screen& screen) {
  const Signs& signs = signs_of(screen);
  const std::size_t inside = std::max<std::size_t>(width - signs.begin.size() - signs.end.size(), 1);
  const auto span = std::max(life.ends - life.begins, std::chrono::seconds(1));
  const auto column = [&](TimePoint time) {
    const double share = std::chrono::duration<double>(time - life.begins) / std::chrono::duration<double>(span);
    return static_cast<std::size_t>(std::clamp(share, 0.0, 1.0) * static_cast<double>(inside - 1));
  };
  const std::size_t today = column(now);
  const std::size_t window = column(life.window_opens);
  std::string bar(signs.begin);
  for (std::size_t i = 0; i < inside; ++i) {
    bar += i == today ? signs.now : i < today ? signs.gone : i < window ? signs.to_come : signs.window;
  }
  return bar + std::string(signs.end);
}

std::string life_bar_legend(const Screen& screen) {
  const Signs& signs = signs_of(screen);
  return fmt::format("{} gone   {} now   {} to come   {} renewal window", signs.gone, signs.now, signs.to_come,
                     signs.window);
}

}  // namespace renewd::commands
