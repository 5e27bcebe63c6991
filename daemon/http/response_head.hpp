// Parses the head of an HTTP response: status line and header fields. More lenient than curl, because a response that
// is refused for its form is a lost certificate: accepts line feeds without carriage returns, white space before a
// colon, folded lines, and lines that are not fields. Strict parsers prevent response smuggling, which is impossible
// here, because a connection carries only one response.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "core/error.hpp"
#include "http/http_client.hpp"

namespace renewd::http {

inline constexpr std::size_t kHeaderLimit = std::size_t{300} * 1024;  // as in curl
inline constexpr int kInterimLimit = 16;                              // interim responses (1xx) to skip

// The size of the first head in `received`, with the empty line at its end; nothing while it is incomplete. The first
// `searched` bytes are known not to contain a complete head. Errors: bad_answer if the first line is not HTTP, or over
// kHeaderLimit.
Result<std::optional<std::size_t>> find_head(std::string_view received, std::size_t searched);

// Parses a complete head. Errors: bad_answer.
Result<HttpResponse> parse_head(std::string_view head);

// Whether `received` may be the beginning of a head.
bool begins_like_http(std::string_view received);

// A TLS alert or handshake.
bool begins_like_tls(std::string_view received);

// The error for bytes that are not HTTP. It does not quote them: they may be a key.
tl::unexpected<Error> not_http(std::string_view received);

}  // namespace renewd::http
