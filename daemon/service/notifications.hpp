// Notifies systemd of the service's state (sd_notify(3)). Does nothing without systemd.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace renewd::service {

// Start or reload is complete.
void notify_ready();
// One line for `systemctl status`.
void notify_status(const std::string& sentence);
// Reload has begun; notify_ready() ends it.
void notify_reloading();
void notify_stopping();
// Extends the timeout of the current start, reload or stop.
void notify_needs(std::chrono::seconds time);
// Pings the watchdog.
void notify_alive();

// The watchdog's timeout (WatchdogSec=); nothing without a watchdog.
std::optional<std::chrono::microseconds> watchdog_interval();

}  // namespace renewd::service
