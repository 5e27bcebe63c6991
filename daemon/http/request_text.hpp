// Formats an HTTP request.
#pragma once

#include "http/http_client.hpp"
#include "http/url.hpp"

namespace renewd::http {

// The value of the User-Agent header.
std::string user_agent();

// Errors: unauthorized (a token or user that cannot be sent), client_error (an invalid method or header).
Result<std::string> request_text(const HttpRequest& request, const Url& url);

}  // namespace renewd::http
