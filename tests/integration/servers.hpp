// Other people's servers beside a test: nginx, and tinyproxy.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "support/command.hpp"
#include "support/simulator.hpp"
#include "support/temporary_directory.hpp"

namespace renewd::testing {

// A server on a loopback port that was free a moment ago: neither of the two can be told to take any free one.
class LoopbackServer {
 public:
  std::uint16_t port() const { return port_; }

 protected:
  LoopbackServer();
  // `http` and `server` are what stands in the configuration's blocks of these names.
  std::unique_ptr<BackgroundProcess> start_nginx(const std::string& http, const std::string& server);
  TemporaryDirectory directory_;
  std::uint16_t port_;
  std::unique_ptr<BackgroundProcess> process_;
};

// Asks for a client certificate of `client_authorities`, and answers with its verdict: "SUCCESS <subject>". Its own
// certificate is that of `identity`.
class Nginx : public LoopbackServer {
 public:
  Nginx(const Simulator& identity, const std::string& client_authorities);
  std::string url() const { return "https://127.0.0.1:" + std::to_string(port()) + "/"; }
};

// A gateway's health check (nginx) that wants `credentials`, base64 of user:password, and is not well at first.
class HealthCheck : public LoopbackServer {
 public:
  explicit HealthCheck(const std::string& credentials);
  std::string url() const { return "http://localhost:" + std::to_string(port()) + "/_node/health"; }
  void recover();
  // Waits until such an answer was given.
  void wait_for_answer(int status);
};

// A CONNECT proxy that asks for a user and a password.
class Tinyproxy : public LoopbackServer {
 public:
  Tinyproxy(const std::string& user, const std::string& password);
  // Its log, once it has said `text`.
  std::string wait_for_log(const std::string& text);
};

}  // namespace renewd::testing
