// Extracts the message from the body of an error response.
#pragma once

#include <string>
#include <string_view>

#include "http/http_client.hpp"

namespace renewd::http {

// The "message" of a JSON body with its "technicalCode" in brackets; the title, or else the text, of an HTML page; for
// other formats the whole body. Neither redacted, escaped nor cut.
std::string error_message(std::string_view body);

// What squid says is wrong, such as "ERR_DNS_FAIL", if a response is its own instead of the server's; otherwise empty.
// Neither redacted nor escaped.
std::string squid_error(const HttpResponse& response);

}  // namespace renewd::http
