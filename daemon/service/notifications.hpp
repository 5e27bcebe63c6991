// What systemd is told of the service (sd_notify(3)). Without systemd, nobody is told, and nothing else changes.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace renewd::service {

// The start is over: everything has been looked at once.
void notify_ready();
// What `systemctl status` shows; one line.
void notify_status(const std::string& sentence);
// A reload has begun; notify_ready() ends it.
void notify_reloading();
void notify_stopping();
// A start, a reload or a stop that is under way may take so much longer.
void notify_needs(std::chrono::seconds time);
// Proof of life.
void notify_alive();

// How often systemd wants one at the latest (WatchdogSec=); nothing when it does not watch us.
std::optional<std::chrono::microseconds> watchdog_interval();

}  // namespace renewd::service
