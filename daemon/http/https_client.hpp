// HTTP/1.1 on Boost.Asio, one connection an exchange: TLS 1.2 or later with the host name verified, through a CONNECT
// proxy if configured (loopback hosts are reached directly). Follows no redirect, keeps no cookie, and sends neither
// Origin nor Referer.
#pragma once

#include <boost/asio/any_io_executor.hpp>

#include "configuration/settings.hpp"
#include "http/http_client.hpp"

namespace renewd::http {

class HttpsClient final : public HttpClient {
 public:
  // `settings` is copied; the CA file and the proxy's password are read anew for each exchange. connect_timeout bounds
  // each of the steps name lookup, connection (to whichever address), proxy and TLS handshake; request_timeout bounds
  // the exchange as a whole.
  HttpsClient(boost::asio::any_io_executor executor, configuration::HttpSettings settings);

  boost::asio::awaitable<Result<HttpResponse>> send(HttpRequest request) override;
  boost::asio::awaitable<Result<void>> rehearse(std::string url) override;

 private:
  boost::asio::any_io_executor executor_;
  configuration::HttpSettings settings_;
};

}  // namespace renewd::http
