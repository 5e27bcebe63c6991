#include "core/event_log.hpp"

namespace renewd {

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
    case EventName::monitoring_unavailable:
      return "monitoring_unavailable";
    case EventName::log_lines_dropped:
      return "log_lines_dropped";
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
    case EventName::log_lines_dropped:
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
    case EventName::monitoring_unavailable:
      return Level::error;
  }
  return Level::error;
}

}  // namespace renewd
