#include "core/event_log.hpp"

#include "core/text.hpp"

namespace renewd {
namespace {

// Here for all sinks, since each shows an event to somebody: the log, the journal, the page, a terminal.
Fields escaped(const Fields& fields) {
  Fields safe = fields;
  for (auto& [key, value] : safe) {
    if (auto* const text = std::get_if<std::string>(&value)) {
      *text = renewd::escaped(*text);
    }
  }
  return safe;
}

}  // namespace

void EventLog::event(EventName name, std::string_view certificate, std::string_view message,
                     const Fields& fields) const {
  event(default_level(name), name, certificate, message, fields);
}

void EventLog::event(Level level, EventName name, std::string_view certificate, std::string_view message,
                     const Fields& fields) const {
  const std::string safe_message = renewd::escaped(message);
  const Fields safe_fields = escaped(fields);
  const Event event{clock_.now(), level, name, certificate, safe_message, safe_fields};
  const std::lock_guard<std::mutex> lock(mutex_);
  output_->write(event);
  for (const auto& observer : observers_) {
    observer->write(event);
  }
}

void EventLog::add_observer(std::shared_ptr<EventSink> observer) {
  const std::lock_guard<std::mutex> lock(mutex_);
  observers_.push_back(std::move(observer));
}

}  // namespace renewd
