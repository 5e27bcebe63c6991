// What the daemon tells its operator: one line an event, under fixed names (docs/events.md). Lower layers return
// errors; the supervisor and the renewal log them, once.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/clock.hpp"

namespace spdlog {
class logger;
}

namespace renewd {

enum class Level { debug, info, warning, error };

enum class EventName {
  daemon_started,
  daemon_stopping,
  config_reloaded,
  config_rejected,
  certificate_checked,
  certificate_changed_on_disk,
  certificate_expiring,
  certificate_expired,
  certificate_unreadable,
  renewal_due,
  renewal_requested,
  renewal_answered,
  renewal_rejected,
  renewal_failed,
  keystore_installed,
  gateway_output,
  gateway_activated,
  gateway_activation_failed,
  gateway_verified,
  gateway_verification_failed,
  renewal_rolled_back,
  renewal_completed,
  renewal_resumed,
  clock_skewed,
  clock_changed,
  token_unusable,
  fleet_leading,
  fleet_following,
  fleet_unreachable,
};

std::string_view to_string(EventName name);
std::string_view to_string(Level level);
// The level an event has unless the one who logs it says otherwise.
Level default_level(EventName name);

using FieldValue = std::variant<std::string, std::int64_t, double, bool>;
using Fields = std::vector<std::pair<std::string, FieldValue>>;

enum class LogFormat { automatic, json, text };

class EventLog {
 public:
  // Writes to `logger`, whose pattern must print the message alone; see make_event_log.
  EventLog(std::shared_ptr<spdlog::logger> logger, LogFormat format, bool colour, const Clock& clock);

  // `certificate` is empty for events of the daemon itself. Field names are those of docs/events.md.
  void event(EventName name, std::string_view certificate, std::string_view message, Fields fields = {}) const;
  void event(Level level, EventName name, std::string_view certificate, std::string_view message,
             Fields fields = {}) const;

 private:
  std::string as_json(Level level, EventName name, std::string_view certificate, std::string_view message,
                      const Fields& fields) const;
  std::string as_text(Level level, EventName name, std::string_view certificate, std::string_view message,
                      const Fields& fields) const;

  std::shared_ptr<spdlog::logger> logger_;
  LogFormat format_;
  bool colour_;
  const Clock& clock_;
};

// A log on standard error. `automatic` is text when standard error is a terminal, JSON otherwise; colour only on a
// terminal, and never with NO_COLOR (no-color.org) set. Events below `level` are left out.
EventLog make_event_log(LogFormat format, Level level, const Clock& clock);

}  // namespace renewd
