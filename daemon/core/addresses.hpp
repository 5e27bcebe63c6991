// Classifies the hosts in a configuration or a URL, without looking them up.
#pragma once

#include <string>
#include <string_view>

namespace renewd {

// 127.0.0.0/8, ::1 (without brackets) or localhost.
bool is_loopback(const std::string& host);

// An IPv4 or IPv6 address, without brackets.
bool is_address(const std::string& host);

// Not a valid address, but resolvers accept it as one (inet_aton(3)): they read 010.0.0.1 as 8.0.0.1 and 127.1 as
// 127.0.0.1.
bool is_ambiguous_address(std::string_view host);

}  // namespace renewd
