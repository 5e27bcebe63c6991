// `gateway: none`: the operator makes the gateway use the keystore.
#pragma once

#include "gateway/action.hpp"

namespace renewd::gateway {

class NoAction final : public Action {
 public:
  std::string description() const override { return "none"; }
  boost::asio::awaitable<Result<Activation>> activate(GatewaySnapshot before) override;
  bool acted() const override { return false; }
  boost::asio::awaitable<Result<std::string>> rehearse() override;
  boost::asio::awaitable<Result<CheckResult>> check(GatewaySnapshot before) override;
};

}  // namespace renewd::gateway
