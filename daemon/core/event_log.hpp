// The daemon's log: events with fixed names (docs/events.md). Lower layers return errors; the supervisor and the
// renewal log them, once.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <boost/describe/enum.hpp>

#include "core/clock.hpp"

namespace renewd {

BOOST_DEFINE_ENUM_CLASS(Level, debug, info, warning, error)

BOOST_DEFINE_ENUM_CLASS(EventName, daemon_started, daemon_stopping, config_reloaded, config_rejected,
                        certificate_checked, certificate_changed_on_disk, certificate_expiring, certificate_expired,
                        certificate_unreadable, renewal_due, renewal_requested, renewal_answered, renewal_rejected,
                        renewal_failed, keystore_installed, gateway_output, gateway_activated,
                        gateway_activation_failed, gateway_verified, gateway_verification_failed, renewal_rolled_back,
                        renewal_completed, renewal_resumed, clock_skewed, clock_changed, token_unusable,
                        monitoring_unavailable, log_lines_dropped, fleet_leading, fleet_following, fleet_unreachable,
                        fleet_published, fleet_turn, fleet_halted, fleet_resumed, fleet_value_refused, fleet_alone,
                        fleet_conflict)

// The names of the enumerators.
std::string_view to_string(EventName name);
std::string_view to_string(Level level);
Level default_level(EventName name);
// The system journal's MESSAGE_ID: 128 bits in hexadecimal, for message catalogues and `journalctl MESSAGE_ID=`.
std::string_view message_id(EventName name);

using FieldValue = std::variant<std::string, std::int64_t, double, bool>;
std::string to_string(const FieldValue& value);
using Fields = std::vector<std::pair<std::string, FieldValue>>;

struct Event {
  TimePoint time;
  Level level;
  EventName name;
  std::string_view certificate;  // empty for events of the daemon itself
  std::string_view message;
  const Fields& fields;
};

class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void write(const Event& event) = 0;
  // Whether events of this level are written.
  virtual bool shows(Level) const { return true; }
};

// Thread-safe: sinks are called one at a time.
class EventLog {
 public:
  EventLog(std::shared_ptr<EventSink> output, const Clock& clock) : output_(std::move(output)), clock_(clock) {}

  // `certificate` is empty for events of the daemon itself. Escapes message and fields, so that foreign text on which
  // the caller did not use printable() reaches no sink.
  void event(EventName name, std::string_view certificate, std::string_view message, const Fields& fields = {}) const;
  void event(Level level, EventName name, std::string_view certificate, std::string_view message,
             const Fields& fields = {}) const;

  // The observer gets every event, regardless of its level.
  void add_observer(std::shared_ptr<EventSink> observer);

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<EventSink> output_;
  std::vector<std::shared_ptr<EventSink>> observers_;
  const Clock& clock_;
};

}  // namespace renewd
