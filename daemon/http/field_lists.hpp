// Parses header fields with lists (RFC 9110, 5.6.1).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace renewd::http {

// The elements between commas outside of quotes, without surrounding white space and without empty ones.
std::vector<std::string_view> list_elements(std::string_view value);

// The authentication schemes in a WWW-Authenticate or Proxy-Authenticate field (RFC 9110, 11.6.1), without duplicates.
std::vector<std::string> offered_schemes(std::string_view value);

// Basic (RFC 7617) is the only scheme that the daemon supports.
bool offers_basic(const std::vector<std::string>& schemes);

}  // namespace renewd::http
