// HTTP/1.1 on Boost.Asio, with one connection per exchange: TLS 1.2 or later with verified host names, through a
// CONNECT proxy if configured (but not to loopback hosts). No redirects, cookies, Origin or Referer.
#pragma once

#include <functional>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>

#include "configuration/settings.hpp"
#include "http/connection.hpp"
#include "http/http_client.hpp"

namespace renewd::http {

enum class Flow { more, stop };

// Takes a response as it arrives: first an empty piece when the head has arrived, then the pieces of the body.
using Sink = std::function<Flow(const HttpResponse& head, std::string_view piece)>;

class HttpsClient final : public HttpClient {
 public:
  // Each exchange reads the CA file, the client certificate and the proxy's password again. connect_timeout limits each
  // of these steps: name lookup, connection (to all addresses together), proxy, TLS handshake. request_timeout limits
  // the whole exchange. After a timeout or a cancellation, the server receives nothing more of the request: the
  // connection is reset.
  HttpsClient(boost::asio::any_io_executor executor, configuration::HttpSettings settings, ClientOptions options = {});

  boost::asio::awaitable<Result<HttpResponse>> send(HttpRequest request) override;
  boost::asio::awaitable<Result<void>> rehearse(std::string url) override;

  // Succeeds at the end of the body, or when the sink says stop. request_timeout ends with the head: a body may take
  // days. `body_limit` is that of one chunk. Errors as in send(); an encoded body is bad_answer.
  boost::asio::awaitable<Result<void>> stream(HttpRequest request, Sink sink);

 private:
  boost::asio::any_io_executor executor_;
  ConnectionSettings settings_;
};

}  // namespace renewd::http
