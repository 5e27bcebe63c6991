// Lines for a terminal that wrap between words, so that the terminal breaks none.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "commands/screen.hpp"
#include "core/event_log.hpp"

namespace renewd::commands {

// A line that may contain colours and ends with a line break, as lines of at most `width` columns; those after the
// first are indented. A word that is longer, such as a URL, stays whole, to be copied. Spaces at the start, and those
// that align columns, are kept.
std::string hanging(std::string_view line, std::size_t width);

// Writes events as text to standard error.
class TerminalLog final : public EventSink {
 public:
  TerminalLog(Level level, const Screen& screen) : level_(level), screen_(screen) {}

  void write(const Event& event) override;
  bool shows(Level level) const override { return level >= level_; }

 private:
  Level level_;
  Screen screen_;
};

}  // namespace renewd::commands
