// Header fields that hold lists (RFC 9110, 5.6.1).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace renewd::http {

// What stands between the commas that are not within quotes, without blanks around; empty elements are left out.
std::vector<std::string_view> list_elements(std::string_view value);

// The authentication schemes that a WWW-Authenticate or Proxy-Authenticate field offers (RFC 9110, 11.6.1), each once,
// as it spells them.
std::vector<std::string> offered_schemes(std::string_view value);

// Whether `schemes` holds Basic (RFC 7617), the one that we speak.
bool offers_basic(const std::vector<std::string>& schemes);

}  // namespace renewd::http
