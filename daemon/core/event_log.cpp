#include "core/event_log.hpp"

#include <unistd.h>

#include <cstdlib>

#include <boost/json.hpp>
#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

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

std::string to_text(const FieldValue& value) {
  struct Printer {
    std::string operator()(const std::string& text) const {
      return text.find(' ') == std::string::npos ? text : fmt::format("\"{}\"", text);
    }
    std::string operator()(std::int64_t number) const { return std::to_string(number); }
    std::string operator()(double number) const { return fmt::format("{:g}", number); }
    std::string operator()(bool flag) const { return flag ? "true" : "false"; }
  };
  return std::visit(Printer{}, value);
}

}  // namespace

std::string_view to_string(Level level) {
  switch (level) {
    case Level::debug:
      return "debug";
    case Level::info:
      return "info";
    case Level::warning:
      return "warning";
    case Level::error:
      return "error";
  }
  return "unknown";
}

std::string_view to_string(EventName name) {
  switch (name) {
    case EventName::daemon_started:
      return "daemon_started";
    case EventName::daemon_stopping:
      return "daemon_stopping";
    case EventName::config_reloaded:
      return "config_reloaded";
    case EventName::config_rejected:
      return "config_rejected";
    case EventName::certificate_checked:
      return "certificate_checked";
    case EventName::certificate_changed_on_disk:
      return "certificate_changed_on_disk";
    case EventName::certificate_expiring:
      return "certificate_expiring";
    case EventName::certificate_expired:
      return "certificate_expired";
    case EventName::certificate_unreadable:
      return "certificate_unreadable";
    case EventName::renewal_due:
      return "renewal_due";
    case EventName::renewal_requested:
      return "renewal_requested";
    case EventName::renewal_answered:
      return "renewal_answered";
    case EventName::renewal_rejected:
      return "renewal_rejected";
    case EventName::renewal_failed:
      return "renewal_failed";
    case EventName::keystore_installed:
      return "keystore_installed";
    case EventName::gateway_output:
      return "gateway_output";
    case EventName::gateway_activated:
      return "gateway_activated";
    case EventName::gateway_activation_failed:
      return "gateway_activation_failed";
    case EventName::gateway_verified:
      return "gateway_verified";
    case EventName::gateway_verification_failed:
      return "gateway_verification_failed";
    case EventName::renewal_rolled_back:
      return "renewal_rolled_back";
    case EventName::renewal_completed:
      return "renewal_completed";
    case EventName::renewal_resumed:
      return "renewal_resumed";
    case EventName::clock_skewed:
      return "clock_skewed";
    case EventName::clock_changed:
      return "clock_changed";
    case EventName::token_unusable:
      return "token_unusable";
    case EventName::fleet_leading:
      return "fleet_leading";
    case EventName::fleet_following:
      return "fleet_following";
    case EventName::fleet_unreachable:
      return "fleet_unreachable";
  }
  return "unknown";
}

Level default_level(EventName name) {
  switch (name) {
    case EventName::gateway_output:
    case EventName::daemon_started:
    case EventName::daemon_stopping:
    case EventName::config_reloaded:
    case EventName::certificate_checked:
    case EventName::certificate_changed_on_disk:
    case EventName::renewal_due:
    case EventName::renewal_requested:
    case EventName::renewal_answered:
    case EventName::keystore_installed:
    case EventName::gateway_activated:
    case EventName::gateway_verified:
    case EventName::renewal_completed:
    case EventName::renewal_resumed:
    case EventName::clock_changed:
    case EventName::fleet_leading:
    case EventName::fleet_following:
      return Level::info;
    case EventName::certificate_expiring:
    case EventName::renewal_rolled_back:
    case EventName::clock_skewed:
    case EventName::fleet_unreachable:
      return Level::warning;
    case EventName::config_rejected:
    case EventName::certificate_expired:
    case EventName::certificate_unreadable:
    case EventName::renewal_rejected:
    case EventName::renewal_failed:
    case EventName::gateway_activation_failed:
    case EventName::gateway_verification_failed:
    case EventName::token_unusable:
      return Level::error;
  }
  return Level::error;
}

EventLog::EventLog(std::shared_ptr<spdlog::logger> logger, LogFormat format, bool colour, const Clock& clock)
    : logger_(std::move(logger)), format_(format), colour_(colour), clock_(clock) {}

void EventLog::event(EventName name, std::string_view certificate, std::string_view message, Fields fields) const {
  event(default_level(name), name, certificate, message, std::move(fields));
}

void EventLog::event(Level level, EventName name, std::string_view certificate, std::string_view message,
                     Fields fields) const {
  const auto severity = spdlog_level(level);
  if (!logger_->should_log(severity)) {
    return;
  }
  logger_->log(severity, "{}",
               format_ == LogFormat::text ? as_text(level, name, certificate, message, fields)
                                          : as_json(level, name, certificate, message, fields));
}

std::string EventLog::as_json(Level level, EventName name, std::string_view certificate, std::string_view message,
                              const Fields& fields) const {
  boost::json::object line;
  line["time"] = format_milliseconds(clock_.now());
  line["level"] = to_string(level);
  line["event"] = to_string(name);
  if (!certificate.empty()) {
    line["certificate"] = certificate;
  }
  line["message"] = message;
  for (const auto& [key, value] : fields) {
    line[key] = to_json(value);
  }
  return boost::json::serialize(line);
}

std::string EventLog::as_text(Level level, EventName name, std::string_view certificate, std::string_view message,
                              const Fields& fields) const {
  const std::string_view colour = colour_ ? ansi_colour(level) : "";
  const std::string_view reset = colour_ ? "\033[0m" : "";
  const std::string_view dim = colour_ ? "\033[2m" : "";
  std::string line = fmt::format("{} {}{:7}{} {}", format_milliseconds(clock_.now()), colour, to_string(level), reset,
                                 to_string(name));
  if (!certificate.empty()) {
    line += fmt::format(" [{}]", certificate);
  }
  line += fmt::format(" {}", message);
  for (const auto& [key, value] : fields) {
    line += fmt::format(" {}{}={}{}", dim, key, to_text(value), reset);
  }
  return line;
}

EventLog make_event_log(LogFormat format, Level level, const Clock& clock) {
  auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  auto logger = std::make_shared<spdlog::logger>("gravitee-renewd", std::move(sink));
  logger->set_pattern("%v");
  logger->set_level(spdlog_level(level));
  // A log that cannot be written (a closed terminal, a full disk behind a pipe) must not stop a renewal.
  logger->set_error_handler([](const std::string&) {});
  const bool terminal = ::isatty(STDERR_FILENO) == 1;
  const char* no_color = std::getenv("NO_COLOR");
  const bool colour = terminal && (no_color == nullptr || *no_color == '\0');
  if (format == LogFormat::automatic) {
    format = terminal ? LogFormat::text : LogFormat::json;
  }
  return {std::move(logger), format, colour, clock};
}

}  // namespace renewd
