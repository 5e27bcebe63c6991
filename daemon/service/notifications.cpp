#include "service/notifications.hpp"

#include <time.h>

#include <cstdint>

#include <fmt/format.h>
#include <systemd/sd-daemon.h>

#include "core/text.hpp"

namespace renewd::service {
namespace {

// Best effort: the environment stays set, and a message that systemd did not get is no reason to fail.
void notify(const std::string& state) {
  (void)::sd_notify(0, state.c_str());
}

std::int64_t monotonic_microseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
}

}  // namespace

void notify_ready() {
  notify("READY=1");
}

void notify_status(const std::string& sentence) {
  // A line break would begin another assignment.
  notify("STATUS=" + escaped(sentence));
}

void notify_reloading() {
  // The time tells systemd which of several reloads this is (Type=notify-reload).
  notify(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", monotonic_microseconds()));
}

void notify_stopping() {
  notify("STOPPING=1");
}

void notify_needs(std::chrono::seconds time) {
  notify(fmt::format("EXTEND_TIMEOUT_USEC={}", std::chrono::microseconds(time).count()));
}

void notify_alive() {
  notify("WATCHDOG=1");
}

std::optional<std::chrono::microseconds> watchdog_interval() {
  std::uint64_t microseconds = 0;
  if (::sd_watchdog_enabled(0, &microseconds) <= 0) {
    return std::nullopt;
  }
  return std::chrono::microseconds(static_cast<std::int64_t>(microseconds));
}

}  // namespace renewd::service
