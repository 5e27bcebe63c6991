// Formats an HTTP request.
#pragma once

#include "http/http_client.hpp"
#include "http/url.hpp"

namespace renewd::http {

// A header with a secret in it. Never by fmt, whose buffer is on the stack, which nobody wipes; the text is on the heap
// from the start. `name` has at least 15 characters: "Authorization: ".
std::string secret_header(std::string_view name, const Secret& secret);

// The value of the User-Agent header.
std::string user_agent();

// Errors: unauthorized (a token or user that cannot be sent), client_error (an invalid method or header).
Result<std::string> request_text(const HttpRequest& request, const Url& url);

}  // namespace renewd::http
