#include "service/notifications.hpp"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <mutex>

#include <fmt/format.h>
#include <systemd/sd-daemon.h>

#include "core/descriptor.hpp"
#include "core/text.hpp"

namespace renewd::service {
namespace {

constexpr timeval kSendTimeout{.tv_sec = 1, .tv_usec = 0};  // if systemd hangs and its queue is full

Descriptor open_socket() {
  Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &kSendTimeout, sizeof kSendTimeout);
  return socket;
}

// Ignores errors. Does not use sd_notify(3), which may block for ever and opens a socket for each message: without a
// free descriptor, it could not ping the watchdog.
void notify(const std::string& state) {
  static std::mutex mutex;
  static Descriptor socket;
  const char* const path = std::getenv("NOTIFY_SOCKET");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::size_t length = path == nullptr ? 0 : std::strlen(path);
  if (length == 0 || length >= sizeof address.sun_path) {
    return;
  }
  std::memcpy(address.sun_path, path, length);
  if (path[0] == '@') {
    address.sun_path[0] = '\0';  // an abstract socket (unix(7))
  }
  const std::lock_guard lock(mutex);
  if (!socket) {
    socket = open_socket();
  }
  (void)!::sendto(socket.get(), state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address),
                  static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length));
}

std::int64_t monotonic_microseconds() {
  timespec now{};
  (void)::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
}

}  // namespace

void notify_ready() {
  notify("READY=1");
}

void notify_status(const std::string& sentence) {
  // A line break would begin another variable.
  notify("STATUS=" + escaped(sentence));
}

void notify_reloading() {
  // systemd needs the time to tell several reloads apart (Type=notify-reload).
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
