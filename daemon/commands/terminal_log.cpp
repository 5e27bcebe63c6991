#include "commands/terminal_log.hpp"

#include <unistd.h>

#include <algorithm>

#include "commands/layout.hpp"
#include "core/descriptor_output.hpp"
#include "core/event_lines.hpp"

namespace renewd::commands {
namespace {

constexpr std::size_t kIndent = 4;
constexpr char kEscape = '\033';

// Without colours ("ESC [ … m").
std::size_t visible_columns(std::string_view text) {
  std::size_t count = 0;
  while (!text.empty()) {
    const auto escape = std::min(text.find(kEscape), text.size());
    count += columns(text.substr(0, escape));
    text.remove_prefix(escape);
    text.remove_prefix(text.empty() ? 0 : std::min(text.find('m'), text.size() - 1) + 1);
  }
  return count;
}

}  // namespace

std::string hanging(std::string_view line, std::size_t width) {
  if (line.ends_with('\n')) {
    line.remove_suffix(1);
  }
  std::string text;
  std::size_t used = 0;
  bool has_word = false;  // on this line of the screen
  while (!line.empty()) {
    // Spaces before a word belong to it, unless it begins a line.
    const auto begins = std::min(line.find_first_not_of(' '), line.size());
    const auto ends = std::min(line.find(' ', begins), line.size());
    const std::string_view word = line.substr(begins, ends - begins);
    const std::size_t wanted = visible_columns(word);
    if (has_word && used + begins + wanted > width) {
      text += "\n" + std::string(kIndent, ' ');
      used = kIndent;
    } else {
      text.append(begins, ' ');
      used += begins;
    }
    text += word;
    used += wanted;
    has_word = true;
    line.remove_prefix(ends);
  }
  return text + "\n";
}

void TerminalLog::write(const Event& event) {
  if (shows(event.level)) {
    (void)write_to_descriptor(STDERR_FILENO, hanging(event_text(event, screen_.colour), screen_.width));
  }
}

}  // namespace renewd::commands
