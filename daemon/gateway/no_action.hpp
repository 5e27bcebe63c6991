// `gateway: none`: somebody else makes the gateway use the keystore.
#pragma once

#include "gateway/action.hpp"

namespace renewd::gateway {

class NoAction final : public Action {
 public:
  std::string description() const override;
  boost::asio::awaitable<Result<Units>> units() override;
  boost::asio::awaitable<Result<Activation>> activate(GatewaySnapshot before) override;
  bool acted() const override { return false; }
  boost::asio::awaitable<Result<std::string>> rehearse() override;
  bool watches(const GatewaySnapshot&) const override { return false; }
  boost::asio::awaitable<Result<Look>> check(GatewaySnapshot before) override;
};

}  // namespace renewd::gateway
