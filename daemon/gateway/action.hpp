// One way to make a gateway use the keystore: restarting units, running a command, sending a signal, or none.
#pragma once

#include <chrono>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "core/error.hpp"
#include "gateway/check_result.hpp"
#include "gateway/gateway.hpp"

namespace renewd::gateway {

class Action {
 public:
  virtual ~Action() = default;

  // See Gateway; `stays_up_for` as in CrashRule.
  virtual std::string description() const = 0;
  virtual boost::asio::awaitable<Result<Units>> units() { co_return Units(); }
  virtual boost::asio::awaitable<Result<std::optional<GatewayState>>> state(std::chrono::seconds /*stays_up_for*/) {
    co_return std::nullopt;
  }
  virtual std::vector<std::string> watched_units() const { return {}; }
  virtual boost::asio::awaitable<Result<Activation>> activate(GatewaySnapshot before) = 0;
  virtual bool acted() const = 0;
  virtual boost::asio::awaitable<Result<std::string>> rehearse() = 0;

  // Whether check() can observe the gateway; if not, waiting for it to settle is pointless.
  virtual bool can_check(const GatewaySnapshot&) const { return false; }
  // Whether what activate() started is (still) running. In a process that did not call activate() itself, the first
  // check is the reference for later ones. After an external restart, the restarted units are the reference.
  // Errors: gateway (checking again is pointless), disk (the state could not be read), cancelled.
  virtual boost::asio::awaitable<Result<CheckResult>> check(GatewaySnapshot before) = 0;
  // The verification is over: releases what its checks share.
  virtual void end_checks() {}
};

}  // namespace renewd::gateway
