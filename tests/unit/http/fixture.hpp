// A client that trusts the test's CA.
#pragma once

#include <string>

#include <boost/asio/io_context.hpp>

#include "http/https_client.hpp"
#include "support/catch.hpp"
#include "unit/http/event_loop.hpp"
#include "unit/http/test_ca.hpp"
#include "unit/http/test_server.hpp"

namespace renewd::testing {

inline constexpr const char* kLoopbackNames = "DNS:localhost,IP:127.0.0.1,IP:0:0:0:0:0:0:0:1,IP:0.0.0.0";

struct Fixture {
  Fixture() {
    settings.ca_file = ca.file();
    settings.connect_timeout = std::chrono::seconds{60};
    settings.request_timeout = std::chrono::seconds{90};
  }

  Result<http::HttpResponse> post(const std::string& url, const std::string& token = "secret-token",
                                  boost::asio::cancellation_slot slot = {}) {
    http::HttpRequest request;
    request.method = "POST";
    request.url = url;
    request.bearer_token = Secret(token);
    http::HttpsClient client(io.get_executor(), settings);
    return run_in(io, client.send(std::move(request)), slot);
  }

  Result<void> rehearse(const std::string& url) {
    http::HttpsClient client(io.get_executor(), settings);
    return run_in(io, client.rehearse(url));
  }

  // A TLS server for the loopback names that sends `response`.
  Script script(std::string response = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK") const {
    Script result;
    result.certificate = ca.issue(kLoopbackNames);
    result.response = std::move(response);
    return result;
  }

  TestCa ca;
  boost::asio::io_context io;
  configuration::HttpSettings settings;
};

// "class: message" for an error, "ok" for a success.
template <typename T>
std::string outcome(const Result<T>& result) {
  return result ? std::string("ok") : std::string(to_string(result.error().kind)) + ": " + result.error().message;
}

}  // namespace renewd::testing
