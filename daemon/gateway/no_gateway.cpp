#include "gateway/no_gateway.hpp"

namespace renewd::gateway {

namespace asio = boost::asio;

std::string NoGateway::description() const {
  return "none";
}

asio::awaitable<Result<Activation>> NoGateway::activate() {
  co_return Activation{Use::not_confirmed,
                       "no gateway is configured: whoever uses the keystore has to be restarted by hand"};
}

asio::awaitable<Result<std::string>> NoGateway::verify() {
  co_return "no gateway is configured: nothing to verify";
}

asio::awaitable<Result<std::string>> NoGateway::rehearse() {
  co_return "no gateway is configured: nothing would be restarted";
}

}  // namespace renewd::gateway
