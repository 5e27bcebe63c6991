// Splits a URL into its parts (RFC 3986) for code that checks URLs. The only user of Boost.URL.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

namespace renewd {

struct UrlParts {
  std::string scheme;  // in lower case
  bool has_user_info = false;
  bool has_password = false;
  std::string user;  // decoded
  // In lower case, without brackets and without a dot at the end, as needed for SNI (RFC 6066, 3), certificates, Host
  // and CONNECT.
  std::string host;
  // The same with the dot, which keeps a name lookup from trying search domains.
  std::string lookup_name;
  bool has_port = false;
  std::string port_text;
  std::optional<std::uint16_t> port;  // from 1 to 65535
  std::string path;                   // encoded
  std::string target;                 // path and query, encoded, as in a request: begins with a slash
  bool has_query = false;
  bool has_fragment = false;
};

// The error ("it is not a URL") never quotes the URL, which may contain a password.
tl::expected<UrlParts, std::string_view> split_url(std::string_view text);

}  // namespace renewd
