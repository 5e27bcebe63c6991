// Events as lines on standard error: text for people, or JSON.
#pragma once

#include <memory>
#include <string>

#include "core/event_log.hpp"

namespace spdlog {
class logger;
}

namespace renewd {

enum class LogFormat { automatic, json, text };

class EventLines final : public EventSink {
 public:
  // Writes to `logger`, whose pattern must print the message alone; its level decides what is left out.
  EventLines(std::shared_ptr<spdlog::logger> logger, LogFormat format, bool colour);

  void write(const Event& event) override;
  bool shows(Level level) const override;

 private:
  std::string as_text(const Event& event) const;

  std::shared_ptr<spdlog::logger> logger_;
  LogFormat format_;
  bool colour_;
};

// `automatic` is text when standard error is a terminal, JSON otherwise; colour only on a terminal, and never with
// NO_COLOR (no-color.org) set. Events below `level` are left out.
std::shared_ptr<EventSink> event_lines_on_standard_error(LogFormat format, Level level);

}  // namespace renewd
