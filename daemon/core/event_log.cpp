#include "core/event_log.hpp"

namespace renewd {

void EventLog::event(EventName name, std::string_view certificate, std::string_view message,
                     const Fields& fields) const {
  event(default_level(name), name, certificate, message, fields);
}

void EventLog::event(Level level, EventName name, std::string_view certificate, std::string_view message,
                     const Fields& fields) const {
  const Event event{clock_.now(), level, name, certificate, message, fields};
  const std::lock_guard<std::mutex> lock(mutex_);
  output_->write(event);
  for (const auto& observer : observers_) {
    observer->write(event);
  }
}

void EventLog::set_output(std::shared_ptr<EventSink> output) {
  const std::lock_guard<std::mutex> lock(mutex_);
  output_ = std::move(output);
}

void EventLog::add_observer(std::shared_ptr<EventSink> observer) {
  const std::lock_guard<std::mutex> lock(mutex_);
  observers_.push_back(std::move(observer));
}

}  // namespace renewd
