// One HTTP exchange, as the rest of the daemon sees it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "core/error.hpp"
#include "core/secret.hpp"
#include "http/basic_credentials.hpp"

namespace renewd::http {

// Answers are a few KiB; more than this is not one.
inline constexpr std::size_t kBodyLimit = std::size_t{1024} * 1024;
// The rejection of a larger one.
tl::unexpected<Error> body_too_large();

struct HttpRequest {
  std::string method;  // "GET", "POST"
  std::string url;     // http or https, absolute
  std::vector<std::pair<std::string, std::string>> headers;
  // Sent as "Authorization: Bearer …"; never logged, never sent to a proxy or a redirect's target.
  std::optional<Secret> bearer_token;
  std::string body;
  // The same as "Authorization: Basic …", where there is no token.
  std::optional<BasicCredentials> basic_credentials = std::nullopt;
};

struct HttpResponse {
  unsigned status = 0;
  // The names in lower case; several values of one name are joined by ", ".
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  // What follows the status in the first line.
  std::string reason = {};
  // Why `body` still has a coding that should have been taken off (content_coding.hpp); empty when it has none.
  std::string undecoded = {};

  // Empty when the header is absent. `name` in lower case.
  std::string header(std::string_view name) const;
};

class HttpClient {
 public:
  virtual ~HttpClient() = default;

  // Any status is a success here: what it means is the caller's business. Errors: dns, connect, tls, proxy, timeout,
  // bad_answer (malformed, or truncated; with reason too_large over the limit), cancelled; before anything is sent also
  // client_error (no usable URL) and unauthorized (a token or user that no header can carry).
  virtual boost::asio::awaitable<Result<HttpResponse>> send(HttpRequest request) = 0;

  // Everything of an exchange with `url` that comes before the request: name, connection, proxy, TLS.
  virtual boost::asio::awaitable<Result<void>> rehearse(std::string url) = 0;
};

}  // namespace renewd::http
