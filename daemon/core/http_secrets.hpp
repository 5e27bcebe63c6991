// Reads secrets that are sent in HTTP headers and checks their characters. All code that reads such a secret uses these
// functions, so that `validate` reports a bad character long before a request would fail.
#pragma once

#include <string_view>

#include "core/error.hpp"
#include "core/secret.hpp"

namespace renewd {

// A bearer token (RFC 6750, 2.1) without surrounding white space. The error names the wrong character and its place,
// and explains common mistakes; it never quotes the token.
Result<Secret> read_token(const SecretSource& source);
Result<Secret> parse_token(std::string_view text);

// A password for Basic authentication, which must not contain control characters (RFC 7617, 2).
Result<Secret> read_basic_password(const SecretSource& source);

}  // namespace renewd
