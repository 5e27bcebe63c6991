#include "service/event_output.hpp"

#include "core/event_lines.hpp"
#include "service/journal.hpp"

namespace renewd::service {

std::shared_ptr<EventSink> event_output(const configuration::LogSettings& settings) {
  if (settings.format == LogFormat::automatic && standard_error_is_the_journal()) {
    return std::make_shared<JournalOutput>(settings.level);
  }
  return event_lines_on_standard_error(settings.format, settings.level);
}

}  // namespace renewd::service
