#include "gateway/no_action.hpp"

namespace renewd::gateway {

namespace asio = boost::asio;

std::string NoAction::description() const {
  return "none";
}

asio::awaitable<Result<Units>> NoAction::units() {
  co_return Units();
}

asio::awaitable<Result<Activation>> NoAction::activate(GatewaySnapshot) {
  co_return Activation{Use::not_confirmed,
                       "no gateway is configured: whoever uses the keystore has to be restarted by hand"};
}

asio::awaitable<Result<Look>> NoAction::check(GatewaySnapshot) {
  co_return Look{Verdict::passed, "no gateway is configured: nothing to verify"};
}

asio::awaitable<Result<std::string>> NoAction::rehearse() {
  co_return "no gateway is configured: nothing would be restarted";
}

}  // namespace renewd::gateway
