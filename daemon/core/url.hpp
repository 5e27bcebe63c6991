// A URL in its parts (RFC 3986), for code that must check one: the one place that knows Boost.URL. What a URL may be
// used for is decided by its users.
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
  // In lower case, without brackets and without the dot that may end a name: what SNI (RFC 6066, 3), the verification
  // of certificates and other people's routing by Host and CONNECT want.
  std::string host;
  // The same with that dot, which keeps a name lookup from trying search domains.
  std::string lookup_name;
  bool has_port = false;
  std::string port_text;
  std::optional<std::uint16_t> port;  // from 1 to 65535
  std::string path;                   // encoded
  std::string target;                 // path and query, encoded, as in a request: begins with a slash
  bool has_query = false;
  bool has_fragment = false;
};

// The error is the end of a sentence ("it is not a URL"), and never repeats the URL, which may hold a password.
tl::expected<UrlParts, std::string_view> split_url(std::string_view text);

}  // namespace renewd
