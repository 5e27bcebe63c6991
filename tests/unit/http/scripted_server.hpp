// A TestServer in a separate thread, for tests of the binary.
#pragma once

#include <cstdint>
#include <string>
#include <thread>
#include <utility>

#include "unit/http/test_server.hpp"

namespace renewd::testing {

class ScriptedServer {
 public:
  explicit ScriptedServer(Script script) : server_(io_, std::move(script)), thread_([this] { io_.run(); }) {}
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;
  ~ScriptedServer() { finished(); }

  std::uint16_t port() const { return port_; }
  std::string url() const { return url_; }
  // Stops the server; what it has received.
  const TestServer& finished() {
    if (thread_.joinable()) {
      io_.stop();
      thread_.join();
    }
    return server_;
  }

 private:
  boost::asio::io_context io_;
  TestServer server_;
  std::uint16_t port_ = server_.port();
  std::string url_ = server_.url("");
  std::thread thread_;
};

}  // namespace renewd::testing
