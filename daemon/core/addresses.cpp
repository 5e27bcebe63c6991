#include "core/addresses.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <strings.h>

#include <cstring>
#include <string_view>

namespace renewd {

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

bool is_ambiguous_address(std::string_view host) {
  const std::string_view last = host.substr(host.find_last_of('.') + 1);
  const bool is_number = !last.empty() && (last.find_first_not_of("0123456789") == std::string_view::npos ||
                                           last.starts_with("0x") || last.starts_with("0X"));
  return is_number && !is_address(std::string(host));
}

}  // namespace renewd
