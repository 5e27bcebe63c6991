#include "gateway/gateway.hpp"

#include <utility>
#include <variant>

#include "gateway/command_action.hpp"
#include "gateway/no_action.hpp"
#include "gateway/signal_action.hpp"
#include "gateway/systemd_action.hpp"
#include "gateway/verification.hpp"

namespace renewd::gateway {
namespace {

namespace asio = boost::asio;

struct ActionMaker {
  std::unique_ptr<Action> operator()(const configuration::NoGateway&) const { return std::make_unique<NoAction>(); }
  std::unique_ptr<Action> operator()(const configuration::SystemdGateway& settings) const {
    return std::make_unique<SystemdAction>(executor, settings, timeout);
  }
  std::unique_ptr<Action> operator()(const configuration::CommandGateway& settings) const {
    return std::make_unique<CommandAction>(executor, settings, output);
  }
  std::unique_ptr<Action> operator()(const configuration::SignalGateway& settings) const {
    return std::make_unique<SignalAction>(executor, settings, timeout);
  }

  asio::any_io_executor executor;
  std::chrono::seconds timeout;
  OutputLine output;
};

class ProbedAction final : public Gateway {
 public:
  ProbedAction(std::unique_ptr<Action> action, Probes probes, std::chrono::seconds timeout)
      : action_(std::move(action)), probes_(std::move(probes)), timeout_(timeout) {}

  std::string description() const override { return action_->description(); }
  bool has_probes() const override { return !probes_.empty(); }
  asio::awaitable<Result<std::vector<std::string>>> running() override { return action_->running(); }
  asio::awaitable<Result<Activation>> activate(Before before) override { return action_->activate(std::move(before)); }
  asio::awaitable<Result<std::string>> verify(Before before) override {
    return gateway::verify(*action_, probes_, std::move(before), timeout_);
  }
  asio::awaitable<Result<std::string>> rehearse() override { return action_->rehearse(); }

 private:
  std::unique_ptr<Action> action_;
  Probes probes_;
  std::chrono::seconds timeout_;
};

}  // namespace

std::unique_ptr<Gateway> make_gateway(const asio::any_io_executor& executor,
                                      const configuration::GatewaySettings& settings, OutputLine output) {
  auto action = std::visit(ActionMaker{executor, settings.verify_timeout, std::move(output)}, settings.action);
  return std::make_unique<ProbedAction>(std::move(action), Probes(), settings.verify_timeout);
}

}  // namespace renewd::gateway
