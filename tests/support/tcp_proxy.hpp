// A faulty network on loopback: a TCP proxy in a thread of its own, between a program and one server, whose faults a
// test switches on and off. TLS passes through: the server's certificate must name 127.0.0.1. With credentials it is an
// HTTP proxy (CONNECT), which leads to the one server whatever is asked for.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace renewd::testing {

enum class Network {
  works,
  cut,             // connections are reset, and new ones at once
  silent,          // connections stay open, and nothing passes; what was held back passes later
  loses_responses  // of new connections: the request (a TLS 1.3 record after the handshake) passes, then it is cut
};

class TcpProxy {
 public:
  // To 127.0.0.1:`server`.
  explicit TcpProxy(std::uint16_t server);
  // An HTTP proxy that asks for these credentials, base64 of user:password.
  TcpProxy(std::uint16_t server, std::string credentials);
  TcpProxy(const TcpProxy&) = delete;
  TcpProxy& operator=(const TcpProxy&) = delete;
  ~TcpProxy();

  std::uint16_t port() const;
  // In force when it returns.
  void set(Network network);
  // When each connection so far was accepted.
  std::vector<std::chrono::system_clock::time_point> connected() const;
  int lost_responses() const;  // so far

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace renewd::testing
