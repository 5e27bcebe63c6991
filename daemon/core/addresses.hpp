// Addresses of hosts: what a configuration or a URL gives.
#pragma once

#include <string>
#include <string_view>

namespace renewd {

// Whether a host, without brackets, is this one whatever the network: 127.0.0.0/8, ::1, localhost.
bool is_loopback(const std::string& host);

// Whether it is an IPv4 or IPv6 address, without brackets.
bool is_address(const std::string& host);

// Whether a host is no address, and resolvers make one of it all the same (inet_aton(3)): 010.0.0.1 is 8.0.0.1 there,
// and 127.1 is 127.0.0.1.
bool is_ambiguous_address(std::string_view host);

}  // namespace renewd
