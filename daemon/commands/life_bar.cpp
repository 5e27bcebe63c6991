#include "commands/life_bar.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

namespace renewd::commands {
namespace {

struct Signs {
  std::string_view elapsed;
  std::string_view remaining;
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

std::string life_bar(const Lifetime& life, TimePoint now, std::size_t width, const Screen& screen) {
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
    bar += i == today ? signs.now : i < today ? signs.elapsed : i < window ? signs.remaining : signs.window;
  }
  return bar + std::string(signs.end);
}

std::string life_bar_legend(const Screen& screen) {
  const Signs& signs = signs_of(screen);
  return fmt::format("{} elapsed   {} now   {} remaining   {} renewal window", signs.elapsed, signs.now,
                     signs.remaining, signs.window);
}

}  // namespace renewd::commands
