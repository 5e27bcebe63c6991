// The renew endpoint of Gravitee Cloud: POST <account url>/certificate/renewcert with the account token.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "http/http_client.hpp"

namespace renewd::cloud {

struct Exchange {
  Result<std::string> body;
  // What time the server believes it is (its Date header), with whatever it answered.
  std::optional<std::chrono::sys_seconds> server_time;
  // Why the body is still coded (gzip and the like), as HttpResponse has it.
  std::string undecoded = {};
};

std::string renew_url(const std::string& account_url);

// Asks for a new certificate. The answer's bytes are returned as they came: they must be stored before anybody looks
// into them. Statuses other than 2xx become errors of kind unauthorized (401, 403), rate_limited (429, with
// retry_after), client_error (3xx, other 4xx), server_error (5xx), with the server's own words in the message.
boost::asio::awaitable<Exchange> request_renewal(http::HttpClient& client, std::string account_url, Secret token);

// One line for people out of an error body: the "message" of either JSON shape, the title or text of an HTML page,
// else the text; escaped and cut. Empty for an empty body.
std::string describe_error_body(std::string_view body);

// The delay that a Retry-After header asks for: seconds, or an HTTP date compared with `date` (the answer's own Date
// header, so that our clock does not matter). Nothing when absent or not understood; never negative.
std::optional<std::chrono::seconds> parse_retry_after(std::string_view value, std::string_view date);

// The three forms of RFC 9110, 5.6.7. Nothing for any other text.
std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text);

}  // namespace renewd::cloud
