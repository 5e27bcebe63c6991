// Checks the gateway from outside, besides the state of its unit: by its health check or its log.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "core/error.hpp"
#include "gateway/check_result.hpp"
#include "gateway/gateway.hpp"

namespace renewd::gateway {

// The checks of one verification.
class ProbeSession {
 public:
  virtual ~ProbeSession() = default;

  // A check that must wait for a response does so until about `deadline`. Errors: gateway (checking again is
  // pointless), cancelled.
  virtual boost::asio::awaitable<Result<CheckResult>> check(std::chrono::steady_clock::time_point deadline) = 0;
};

class Probe {
 public:
  virtual ~Probe() = default;

  // Where its log file ends now, for GatewaySnapshot; empty for a probe that reads no log file.
  virtual std::string log_position() const { return {}; }
  // The session ignores everything older than the activation. The probe must outlive it. Errors: gateway, cancelled.
  virtual boost::asio::awaitable<Result<std::unique_ptr<ProbeSession>>> begin(GatewaySnapshot before) = 0;
  // Whether a session could work, tried with the running gateway. Errors: gateway, cancelled.
  virtual boost::asio::awaitable<Result<std::string>> rehearse() = 0;
};

}  // namespace renewd::gateway
