#include "commands/gateway_states.hpp"

#include <chrono>
#include <exception>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "gateway/gateway.hpp"

namespace renewd::commands {
namespace {

namespace asio = boost::asio;
using States = std::vector<std::optional<gateway::GatewayState>>;

// For all gateways together. systemd replies within milliseconds.
constexpr std::chrono::seconds kLongest{5};

asio::awaitable<void> ask(const std::vector<configuration::CertificateSettings>& certificates, States& states) {
  const auto executor = co_await asio::this_coro::executor;
  for (std::size_t i = 0; i < certificates.size(); ++i) {
    const auto gateway = gateway::make_gateway(executor, certificates[i].gateway, {}, {}, {});
    if (gateway->watched_units().empty()) {
      continue;
    }
    auto state = co_await gateway->state(false);
    if (!state) {
      co_return;  // no bus, or no reply: the next question would end like this one
    }
    states[i] = std::move(*state);
  }
}

}  // namespace

States gateway_states(const std::vector<configuration::CertificateSettings>& certificates) {
  States states(certificates.size());
  asio::io_context io;
  asio::co_spawn(io, ask(certificates, states), [](const std::exception_ptr& thrown) {
    if (thrown) {
      std::rethrow_exception(thrown);
    }
  });
  io.run_for(kLongest);
  return states;
}

}  // namespace renewd::commands
