// HTTP/1.1 on Boost.Asio, with one connection per exchange: TLS 1.2 or later with verified host names, through a
// CONNECT proxy if configured (but not to loopback hosts). No redirects, cookies, Origin or Referer.
#pragma once

#include <boost/asio/any_io_executor.hpp>

#include "configuration/settings.hpp"
#include "http/http_client.hpp"

namespace renewd::http {

class HttpsClient final : public HttpClient {
 public:
  // Each exchange reads the CA file and the proxy's password again. connect_timeout limits each of these steps: name
  // lookup, connection (to all addresses together), proxy, TLS handshake. request_timeout limits the whole exchange.
  HttpsClient(boost::asio::any_io_executor executor, configuration::HttpSettings settings);

  boost::asio::awaitable<Result<HttpResponse>> send(HttpRequest request) override;
  boost::asio::awaitable<Result<void>> rehearse(std::string url) override;

 private:
  boost::asio::any_io_executor executor_;
  configuration::HttpSettings settings_;
};

}  // namespace renewd::http
