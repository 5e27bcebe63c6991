#include "configuration/addresses.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <strings.h>

#include <charconv>
#include <cstring>
#include <system_error>

namespace renewd::configuration {

bool is_loopback(const std::string& host) {
  in_addr v4{};
  if (::inet_pton(AF_INET, host.c_str(), &v4) == 1) {
    return ntohl(v4.s_addr) >> 24 == IN_LOOPBACKNET;
  }
  in6_addr v6{};
  if (::inet_pton(AF_INET6, host.c_str(), &v6) == 1) {
    return std::memcmp(&v6, &in6addr_loopback, sizeof v6) == 0;
  }
  return ::strcasecmp(host.c_str(), "localhost") == 0;
}

bool is_address(const std::string& host) {
  in6_addr either{};
  return ::inet_pton(AF_INET, host.c_str(), &either) == 1 || ::inet_pton(AF_INET6, host.c_str(), &either) == 1;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  const bool complete = error == std::errc() && stop == text.data() + text.size();
  return complete && port != 0 ? std::optional(port) : std::nullopt;
}

}  // namespace renewd::configuration
