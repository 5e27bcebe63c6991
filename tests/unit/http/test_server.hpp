// A server that does to its clients what a test's script says: the cloud, a proxy, or something that is neither.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

namespace renewd::testing {

// What happens once the script's bytes are out.
enum class Ending {
  goodbye,   // close_notify, close
  hang_up,   // close without close_notify
  reset,     // RST
  silence,   // nothing more, until the client goes
  and_again  // the response's last bytes (`repeat`) until the client goes
};

struct Script {
  // Sent after the request was read.
  std::string response = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK";
  std::string repeat;
  Ending ending = Ending::goodbye;

  // Key and certificate; empty: no TLS.
  std::filesystem::path certificate;
  int tls_version = 0;                          // one alone, as OpenSSL numbers them; 0: any
  std::string ciphers = "DEFAULT:@SECLEVEL=0";  // with `tls_version`, of 1.2 and older
  // Ends as `ending` says where the handshake should be.
  bool no_handshake = false;

  // When not empty, the connection begins as that of a proxy: a CONNECT is read and answered so.
  std::string proxy_response;
  // The proxy reads the CONNECT and ends as `ending` says.
  bool silent_proxy = false;

  std::string address = "127.0.0.1";
  std::function<void()> on_connection;
  std::function<void()> on_request;  // after the response was sent
};

class TestServer {
 public:
  // Serves as long as this object lives and `io` runs.
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

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// Whether this host has an IPv6 loopback address.
bool have_ipv6(boost::asio::io_context& io);

}  // namespace renewd::testing
