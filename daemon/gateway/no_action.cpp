#include "gateway/no_action.hpp"

namespace renewd::gateway {

namespace asio = boost::asio;

asio::awaitable<Result<Activation>> NoAction::activate(GatewaySnapshot) {
  co_return Activation{Use::not_confirmed,
                       "no gateway is configured: restart the programs that use this keystore by hand"};
}

asio::awaitable<Result<CheckResult>> NoAction::check(GatewaySnapshot) {
  co_return CheckResult{Verdict::passed, "no gateway is configured: nothing to verify"};
}

asio::awaitable<Result<std::string>> NoAction::rehearse() {
  co_return "no gateway is configured: nothing to restart";
}

}  // namespace renewd::gateway
