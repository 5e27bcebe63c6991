// The interface for HTTP exchanges.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "core/error.hpp"
#include "core/secret.hpp"
#include "http/basic_credentials.hpp"

namespace renewd::http {

// An answer of the cloud has a few KiB.
inline constexpr std::size_t kBodyLimit = std::size_t{1024} * 1024;
tl::unexpected<Error> body_too_large(std::size_t limit = kBodyLimit);

// Called once the connection is open, just before the first byte of the request is written; within request_timeout. An
// error ends the exchange: until then, the server has certainly not received the request.
using BeforeSending = std::function<boost::asio::awaitable<Result<void>>()>;

// Whether a body whose end HTTP does not show is whole by its own form. False if that is not certain.
using IsWhole = bool (*)(std::string_view body);

struct HttpRequest {
  std::string method;  // "GET", "POST"
  std::string url;     // http or https, absolute
  std::vector<std::pair<std::string, std::string>> headers;
  // Sent as "Authorization: Bearer …", but never to a proxy or the target of a redirect; never logged.
  std::optional<Secret> bearer_token;
  std::string body;
  // Sent as "Authorization: Basic …", unless there is a token.
  std::optional<BasicCredentials> basic_credentials = std::nullopt;
  // The whole value of Authorization, instead of either.
  std::optional<Secret> authorization = std::nullopt;
  std::size_t body_limit = kBodyLimit;  // of the response
  BeforeSending before_sending = nullptr;
  // A response whose body is whole by itself is a success, however the connection or the time ends.
  IsWhole is_whole = nullptr;
};

struct HttpResponse {
  unsigned status = 0;
  // Names are in lower case; several values of one name are joined by ", ".
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::string reason = {};     // the text after the status
  std::string undecoded = {};  // why `body` is still encoded (content_coding.hpp); otherwise empty

  // `name` is in lower case. Empty if the header is missing.
  std::string header(std::string_view name) const;
};

class HttpClient {
 public:
  virtual ~HttpClient() = default;

  // A response with any status is a success. Errors: dns, connect, tls, proxy, timeout, bad_answer (malformed or
  // truncated; with reason too_large over the limit), cancelled; client_error for an invalid URL or header, and
  // unauthorized for a token or user that cannot be sent.
  virtual boost::asio::awaitable<Result<HttpResponse>> send(HttpRequest request) = 0;

  // Performs all steps up to the request, without sending it: name lookup, connection, proxy, TLS.
  virtual boost::asio::awaitable<Result<void>> rehearse(std::string url) = 0;
};

}  // namespace renewd::http
