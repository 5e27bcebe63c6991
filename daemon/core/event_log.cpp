#include "core/event_log.hpp"

namespace renewd {

void EventLog::event(EventName name, std::string_view certificate, std::string_view message,
                     const Fields& fields) const {
  event(default_level(name), name, certificate, message, fields);
}

void EventLog::event(Level level, EventName name, std::string_view certificate, std::string_view message,
                     const Fields& fields) const {
  const Event event{clock_.now(), level, name, certificate, message, fields};
  output_->write(event);
  for (const auto& observer : observers_) {
    observer->write(event);
  }
}

}  // namespace renewd
