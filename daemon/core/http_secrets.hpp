// Secrets that are sent in a header of HTTP: which characters they may hold there. Whatever reads one goes through
// here, so that a check says months before a request what the request would meet.
#pragma once

#include <string_view>

#include "core/error.hpp"
#include "core/secret.hpp"

namespace renewd {

// A bearer token (RFC 6750, 2.1) without the blanks and line breaks around it. The error says which character is wrong,
// where, and for the usual mistakes what to write instead; it never quotes the token.
Result<Secret> read_token(const SecretSource& source);
// The same of what somebody has typed.
Result<Secret> parse_token(std::string_view text);

// A password for the Basic scheme, which knows no control characters (RFC 7617, 2).
Result<Secret> read_basic_password(const SecretSource& source);

}  // namespace renewd
