// `gateway: none`: somebody else makes the gateway use the keystore.
#pragma once

#include "gateway/gateway.hpp"

namespace renewd::gateway {

class NoGateway final : public Gateway {
 public:
  std::string description() const override;
  boost::asio::awaitable<Result<Activation>> activate() override;
  boost::asio::awaitable<Result<std::string>> verify() override;
  boost::asio::awaitable<Result<std::string>> rehearse() override;
};

}  // namespace renewd::gateway
