// What the daemon tells systemd.
#pragma once

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace renewd::testing {

// In systemd's place.
class NotifySocket {
 public:
  static constexpr std::chrono::seconds kLongestWait{180};

  explicit NotifySocket(const std::filesystem::path& path) : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    if (::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      throw std::runtime_error("binding " + path.string());
    }
    const timeval limit{.tv_sec = kLongestWait.count(), .tv_usec = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;
  ~NotifySocket() { ::close(socket_); }

  // Reads messages until one begins so, and returns it; what came before it is passed over.
  std::string wait_for(const std::string& beginning) {
    while (true) {
      char message[4096];
      const ssize_t n = ::recv(socket_, message, sizeof message, 0);
      if (n < 0) {
        throw std::runtime_error("no message that begins with " + beginning);
      }
      const std::string text(message, static_cast<std::size_t>(n));
      if (text.starts_with(beginning)) {
        return text;
      }
    }
  }

 private:
  int socket_;
};

}  // namespace renewd::testing
