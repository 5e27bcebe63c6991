// Writes events as lines of text or JSON.
#pragma once

#include <memory>
#include <string>

#include "core/event_log.hpp"

namespace spdlog {
class logger;  // NOLINT(readability-identifier-naming): spdlog names its types so
}

namespace renewd {

enum class LogFormat { automatic, json, text };

class EventLines final : public EventSink {
 public:
  // The pattern of `logger` must print only the message. The level of `logger` filters events.
  EventLines(std::shared_ptr<spdlog::logger> logger, LogFormat format, bool colour);

  void write(const Event& event) override;
  bool shows(Level level) const override;

 private:
  std::shared_ptr<spdlog::logger> logger_;
  LogFormat format_;
  bool colour_;
};

// The line of an event as text for people, without a line break.
std::string event_text(const Event& event, bool colour);

// `automatic` is text if standard error is a terminal, otherwise JSON. Colour only on a terminal, and never if NO_COLOR
// (no-color.org) is set.
std::shared_ptr<EventSink> event_lines_on_standard_error(LogFormat format, Level level);

}  // namespace renewd
