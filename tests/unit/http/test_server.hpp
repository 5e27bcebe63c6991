// A scripted server: the cloud, a proxy, or something else.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

namespace renewd::testing {

// What happens after the response was sent.
enum class Ending {
  goodbye,   // close_notify, close
  hang_up,   // close without close_notify
  reset,     // RST
  silence,   // until the client closes the connection
  and_again  // `repeat`, until the client closes the connection
};

struct Reply {
  std::string response;
  Ending ending = Ending::goodbye;
};

struct Script {
  // Sent after the request was read.
  std::string response = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK";
  std::string repeat;
  Ending ending = Ending::goodbye;

  // Key and certificate; empty: no TLS.
  std::filesystem::path certificate;
  int tls_version = 0;                          // OpenSSL's number of the only version; 0: any
  std::string ciphers = "DEFAULT:@SECLEVEL=0";  // for TLS 1.2 and older
  std::filesystem::path client_ca;              // if not empty, clients need a certificate of this CA
  // Performs `ending` instead of the handshake.
  bool no_handshake = false;

  // If not empty, the server is a proxy: it reads a CONNECT and sends this.
  std::string proxy_response;
  // The proxy reads the CONNECT and performs `ending`.
  bool silent_proxy = false;

  std::string address = "127.0.0.1";
  // Instead of `response` and `ending`, from what was received.
  std::function<Reply(const std::string& request)> reply = nullptr;

  std::function<void()> on_connection;
  std::function<void()> on_request;  // after the response was sent
};

class TestServer {
 public:
  // Serves while this object lives and `io` runs.
  TestServer(boost::asio::io_context& io, Script script);
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;
  ~TestServer();

  std::uint16_t port() const;
  // "https://localhost:PORT/path", http without a certificate.
  std::string url(const std::string& path = "/", const std::string& host = "localhost") const;

  int connections() const;
  // Header and body, as received.
  const std::vector<std::string>& requests() const;
  const std::vector<std::string>& connects() const;
  // SNI of the last handshake.
  const std::string& server_name() const;
  // Of the certificate in the last handshake; empty without one.
  const std::string& client_subject() const;
  // Whether the last client whose end was awaited has reset the connection.
  bool was_reset() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// Whether this host has an IPv6 loopback address.
bool have_ipv6(boost::asio::io_context& io);

}  // namespace renewd::testing
