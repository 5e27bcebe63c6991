// The renew endpoint of Gravitee Cloud: POST <account url>/certificate/renewcert with the account token.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "http/http_client.hpp"

namespace renewd::cloud {

struct RenewalResponse {
  Result<std::string> body;
  std::optional<std::chrono::sys_seconds> server_time;  // the Date header of any response
  std::string undecoded = {};                           // as in HttpResponse
};

std::string renew_url(const std::string& account_url);

// Requests a new certificate. Returns the bytes of the answer unchanged; the caller must store them before it reads
// them. A status other than 2xx becomes an error of kind unauthorized (401, 403), rate_limited (429), client_error
// (3xx, other 4xx) or server_error (5xx), with the server's message.
boost::asio::awaitable<RenewalResponse> request_renewal(http::HttpClient& client, std::string account_url, Secret token,
                                                        http::BeforeSending before_sending = nullptr);

// http::error_message(), printable.
std::string describe_error_body(std::string_view body);

// The delay in a Retry-After header: seconds, or an HTTP date compared with `date` (the response's Date header, so that
// this host's clock does not matter). Nothing if missing or invalid; never negative.
std::optional<std::chrono::seconds> parse_retry_after(std::string_view value, std::string_view date);

// The three formats of RFC 9110, 5.6.7. One that the clock cannot represent becomes the nearest (within_clock()).
std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text);

}  // namespace renewd::cloud
