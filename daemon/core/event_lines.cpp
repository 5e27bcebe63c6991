#include "core/event_lines.hpp"

#include <unistd.h>

#include <cstdlib>
#include <mutex>
#include <utility>

#include <boost/json.hpp>
#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>

#include "core/descriptor_output.hpp"
#include "core/json_text.hpp"
#include "core/text.hpp"

namespace renewd {
namespace {

std::string format_milliseconds(TimePoint now) {
  const auto since_epoch = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch());
  std::string text = format_time(now);
  text.insert(text.size() - 1, fmt::format(".{:03}", (since_epoch.count() % 1000 + 1000) % 1000));
  return text;
}

spdlog::level::level_enum spdlog_level(Level level) {
  switch (level) {
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warning:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

std::string_view ansi_colour(Level level) {
  switch (level) {
    case Level::debug:
      return "\033[2m";
    case Level::info:
      return "\033[32m";
    case Level::warning:
      return "\033[33m";
    case Level::error:
      return "\033[1;31m";
  }
  return "";
}

boost::json::value to_json(const FieldValue& value) {
  return std::visit([](const auto& held) { return boost::json::value(held); }, value);
}

std::string quoted_if_needed(const FieldValue& value) {
  const std::string text = to_string(value);
  return text.find(' ') == std::string::npos ? text : fmt::format("\"{}\"", text);
}

std::string as_json(const Event& event) {
  boost::json::object line;
  line["time"] = format_milliseconds(event.time);
  line["level"] = to_string(event.level);
  line["event"] = to_string(event.name);
  if (!event.certificate.empty()) {
    line["certificate"] = event.certificate;
  }
  line["message"] = event.message;
  for (const auto& [key, value] : event.fields) {
    line[key] = to_json(value);
  }
  return json_text(std::move(line));
}

// spdlog's own sink uses stdio, whose lock would keep the process from exiting while a write blocks.
class StandardError final : public spdlog::sinks::base_sink<std::mutex> {
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    (void)write_to_descriptor(STDERR_FILENO, {line.data(), line.size()});
  }
  void flush_() override {}
};

}  // namespace

EventLines::EventLines(std::shared_ptr<spdlog::logger> logger, LogFormat format, bool colour)
    : logger_(std::move(logger)), format_(format), colour_(colour) {}

void EventLines::write(const Event& event) {
  if (!shows(event.level)) {
    return;
  }
  logger_->log(spdlog_level(event.level), "{}",
               format_ == LogFormat::text ? event_text(event, colour_) : as_json(event));
}

bool EventLines::shows(Level level) const {
  return logger_->should_log(spdlog_level(level));
}

std::string event_text(const Event& event, bool coloured) {
  const std::string_view colour = coloured ? ansi_colour(event.level) : "";
  const std::string_view reset = coloured ? "\033[0m" : "";
  const std::string_view dim = coloured ? "\033[2m" : "";
  std::string line = fmt::format("{} {}{:7}{} {}", format_milliseconds(event.time), colour, to_string(event.level),
                                 reset, to_string(event.name));
  if (!event.certificate.empty()) {
    line += fmt::format(" [{}]", event.certificate);
  }
  line += fmt::format(" {}", event.message);
  for (const auto& [key, value] : event.fields) {
    line += fmt::format(" {}{}={}{}", dim, key, quoted_if_needed(value), reset);
  }
  return line;
}

std::shared_ptr<EventSink> event_lines_on_standard_error(LogFormat format, Level level) {
  auto logger = std::make_shared<spdlog::logger>("gravitee-renewd", std::make_shared<StandardError>());
  logger->set_pattern("%v");
  logger->set_level(spdlog_level(level));
  // A log that cannot be written must not stop a renewal.
  logger->set_error_handler([](const std::string&) {});
  const bool terminal = ::isatty(STDERR_FILENO) == 1;
  const char* no_color = std::getenv("NO_COLOR");
  const bool colour = terminal && (no_color == nullptr || *no_color == '\0');
  if (format == LogFormat::automatic) {
    format = terminal ? LogFormat::text : LogFormat::json;
  }
  return std::make_shared<EventLines>(std::move(logger), format, colour);
}

}  // namespace renewd
