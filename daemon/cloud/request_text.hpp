// An HTTP request as bytes. Written by hand rather than with Beast: its fields copy the token into memory that nobody
// wipes.
#pragma once

#include "cloud/http_client.hpp"
#include "cloud/url.hpp"
#include "cloud/wiped_text.hpp"

namespace renewd::cloud {

// Errors: unauthorized (a token that no header can carry), client_error (such a method or header).
Result<WipedText> request_text(const HttpRequest& request, const Url& url);

}  // namespace renewd::cloud
