// A look at the gateway from outside, besides the state of its unit.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "core/error.hpp"
#include "gateway/gateway.hpp"
#include "gateway/look.hpp"

namespace renewd::gateway {

// The looks of one verification.
class Watch {
 public:
  virtual ~Watch() = default;

  using Verdict = gateway::Verdict;
  using Look = gateway::Look;

  // An error means that waiting on is of no use. A look that must wait for an answer does so until about `deadline`.
  // Errors: gateway, cancelled.
  virtual boost::asio::awaitable<Result<Look>> look(std::chrono::steady_clock::time_point deadline) = 0;
};

class Probe {
 public:
  virtual ~Probe() = default;

  // Where its log file ends now, for GatewaySnapshot; empty for a probe that reads none.
  virtual std::string log_position() const { return {}; }
  // Nothing from before the activation will count. The probe must outlive the watch. Errors: gateway, cancelled.
  virtual boost::asio::awaitable<Result<std::unique_ptr<Watch>>> watch(GatewaySnapshot before) = 0;
  // Whether a watch will see what it needs, tried with the gateway that runs now. Errors: gateway, cancelled.
  virtual boost::asio::awaitable<Result<std::string>> rehearse() = 0;
};

}  // namespace renewd::gateway
