#include "gateway/gateway.hpp"

#include <utility>
#include <variant>

#include "gateway/command_gateway.hpp"
#include "gateway/no_gateway.hpp"
#include "gateway/signal_gateway.hpp"
#include "gateway/systemd_gateway.hpp"

namespace renewd::gateway {
namespace {

struct Maker {
  std::unique_ptr<Gateway> operator()(const configuration::NoGateway&) const { return std::make_unique<NoGateway>(); }
  std::unique_ptr<Gateway> operator()(const configuration::SystemdGateway& settings) const {
    return std::make_unique<SystemdGateway>(executor, settings, timeout);
  }
  std::unique_ptr<Gateway> operator()(const configuration::CommandGateway& settings) const {
    return std::make_unique<CommandGateway>(executor, settings, output);
  }
  std::unique_ptr<Gateway> operator()(const configuration::SignalGateway& settings) const {
    return std::make_unique<SignalGateway>(executor, settings, timeout);
  }

  boost::asio::any_io_executor executor;
  std::chrono::seconds timeout;
  OutputLine output;
};

}  // namespace

std::unique_ptr<Gateway> make_gateway(const boost::asio::any_io_executor& executor,
                                      const configuration::GatewaySettings& settings, OutputLine output) {
  return std::visit(Maker{executor, settings.verify_timeout, std::move(output)}, settings.action);
}

}  // namespace renewd::gateway
