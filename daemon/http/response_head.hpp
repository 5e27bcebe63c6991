// The head of an HTTP response (status line and header fields), of a server or a proxy. Reads all that curl reads, and
// more: line feeds alone, no blank after the status, blanks before a colon, folded lines, lines that are no field. A
// response that is refused for its form is a certificate lost. What strict parsers guard against, a response smuggled
// into another's place, needs a connection that carries several: ours carries one.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "core/error.hpp"
#include "http/http_client.hpp"

namespace renewd::http {

// As curl does it.
inline constexpr std::size_t kHeaderLimit = std::size_t{300} * 1024;
// How many interim responses (1xx) are passed over.
inline constexpr int kInterimLimit = 16;

// How many of the `received` bytes are the first head, with the empty line at its end; nothing as long as that is not
// there. The first `searched` bytes are known not to hold a whole one. Errors: bad_answer for what is not HTTP, as soon
// as its first line is there, and for more than kHeaderLimit.
Result<std::optional<std::size_t>> find_head(std::string_view received, std::size_t searched);

// A whole head. The body is empty. Errors: bad_answer.
Result<HttpResponse> parse_head(std::string_view head);

// Whether `received` is, or may become, a head.
bool begins_like_http(std::string_view received);

// What a TLS server sends whom it does not understand.
bool looks_like_tls(std::string_view received);

// The error of bytes that are no head. None of them is repeated: they may be a key.
tl::unexpected<Error> not_http(std::string_view received);

}  // namespace renewd::http
