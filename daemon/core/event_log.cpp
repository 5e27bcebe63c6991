#include "core/event_log.hpp"

#include <fmt/format.h>

#include "core/text.hpp"

namespace renewd {
namespace {

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

std::string to_string(const FieldValue& value) {
  struct Printer {
    std::string operator()(const std::string& text) const { return text; }
    std::string operator()(std::int64_t number) const { return std::to_string(number); }
    std::string operator()(double number) const { return fmt::format("{:g}", number); }
    std::string operator()(bool flag) const { return flag ? "true" : "false"; }
  };
  return std::visit(Printer{}, value);
}

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
