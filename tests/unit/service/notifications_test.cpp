#include "service/notifications.hpp"

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "core/descriptor.hpp"
#include "support/catch.hpp"
#include "support/environment_variable.hpp"
#include "support/temporary_directory.hpp"

using namespace renewd;
using namespace renewd::testing;

namespace {

// A fake systemd.
struct Systemd {
  Systemd() {
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }
  // Until its queue is full.
  void fill() const {
    const Descriptor sender(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    while (::sendto(sender.get(), "x", 1, 0, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 1) {
    }
  }
  std::string next_message() const {
    std::array<char, 4096> message{};
    const ssize_t n = ::recv(socket.get(), message.data(), message.size(), MSG_DONTWAIT);
    return {message.data(), static_cast<std::size_t>(std::max<ssize_t>(n, 0))};
  }

  TemporaryDirectory directory;
  std::string path = directory / "notify";
  Descriptor socket{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  sockaddr_un address{};
  EnvironmentVariable variable{"NOTIFY_SOCKET", path};
};

}  // namespace

TEST_CASE("notifies systemd, with line breaks in the status escaped") {
  const Systemd systemd;
  service::notify_ready();
  CHECK(systemd.next_message() == "READY=1");
  service::notify_status("one\nREADY=1");
  CHECK(systemd.next_message() == "STATUS=one\\x0aREADY=1");
}

TEST_CASE("a hanging systemd does not delay the daemon") {
  const Systemd systemd;
  systemd.fill();
  service::notify_alive();
  CHECK(systemd.next_message() == "x");
}

TEST_CASE("the watchdog is pinged even without a free descriptor") {
  const Systemd systemd;
  service::notify_ready();
  CHECK(systemd.next_message() == "READY=1");
  rlimit limit{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
  const rlimit none{0, limit.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  service::notify_alive();
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
  CHECK(systemd.next_message() == "WATCHDOG=1");
}
