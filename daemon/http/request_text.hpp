// An HTTP request as bytes. Written by hand rather than with Boost.Beast: its fields copy the token into memory that
// nobody wipes.
#pragma once

#include "http/http_client.hpp"
#include "http/url.hpp"
#include "http/wiped_text.hpp"

namespace renewd::http {

// The User-Agent field, for the cloud and for a proxy.
std::string user_agent();

// Errors: unauthorized (a token or user that no header can carry), client_error (such a method or header).
Result<WipedText> request_text(const HttpRequest& request, const Url& url);

}  // namespace renewd::http
