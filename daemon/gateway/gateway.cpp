#include "gateway/gateway.hpp"

#include <utility>
#include <variant>

#include "gateway/command_action.hpp"
#include "gateway/http_probe.hpp"
#include "gateway/log_probe.hpp"
#include "gateway/no_action.hpp"
#include "gateway/signal_action.hpp"
#include "gateway/systemd_action.hpp"
#include "gateway/verification.hpp"
#include "http/https_client.hpp"

namespace renewd::gateway {
namespace {

namespace asio = boost::asio;

struct ActionMaker {
  std::unique_ptr<Action> operator()(const configuration::NoGateway&) const { return std::make_unique<NoAction>(); }
  std::unique_ptr<Action> operator()(const configuration::SystemdGateway& settings) const {
    return std::make_unique<SystemdAction>(executor, settings, timeout);
  }
  std::unique_ptr<Action> operator()(const configuration::CommandGateway& settings) const {
    return std::make_unique<CommandAction>(executor, settings, output, secrets);
  }
  std::unique_ptr<Action> operator()(const configuration::SignalGateway& settings) const {
    return std::make_unique<SignalAction>(executor, settings, timeout);
  }

  asio::any_io_executor executor;
  std::chrono::seconds timeout;
  OutputLine output;
  std::vector<NamedSecret> secrets;
};

class ProbedAction final : public Gateway {
 public:
  ProbedAction(std::unique_ptr<Action> action, Probes probes, std::chrono::seconds timeout)
      : action_(std::move(action)), probes_(std::move(probes)), timeout_(timeout) {}

  std::string description() const override { return action_->description(); }
  bool has_probes() const override { return !probes_.empty(); }
  std::string log_position() const override;
  asio::awaitable<Result<Units>> units() override { return action_->units(); }
  asio::awaitable<Result<Activation>> activate(Before before) override { return action_->activate(std::move(before)); }
  asio::awaitable<Result<Activation>> verify(Before before) override {
    return gateway::verify(*action_, probes_, std::move(before), timeout_);
  }
  asio::awaitable<Result<std::string>> rehearse() override;

 private:
  std::unique_ptr<Action> action_;
  Probes probes_;
  std::chrono::seconds timeout_;
};

std::string ProbedAction::log_position() const {
  for (const auto& probe : probes_) {
    if (std::string position = probe->log_position(); !position.empty()) {
      return position;
    }
  }
  return {};
}

// Tries everything, whatever came of the rest.
asio::awaitable<Result<std::string>> ProbedAction::rehearse() {
  Result<std::string> whole = co_await action_->rehearse();
  for (const auto& probe : probes_) {
    const Result<std::string> one = co_await probe->rehearse();
    if (whole && one) {
      *whole += "; " + *one;
    } else if (whole) {
      whole = tl::unexpected(one.error());
    } else if (!one) {
      whole.error().message += "; " + one.error().message;
    }
  }
  co_return whole;
}

Probes make_probes(const asio::any_io_executor& executor, const configuration::GatewaySettings& settings,
                   configuration::HttpSettings http, const std::vector<NamedSecret>& secrets) {
  Probes probes;
  if (settings.http_probe) {
    http.proxy.reset();
    probes.push_back(std::make_unique<HttpProbe>(std::make_unique<http::HttpsClient>(executor, std::move(http)),
                                                 *settings.http_probe, secrets));
  }
  if (settings.log_probe) {
    probes.push_back(std::make_unique<LogProbe>(*settings.log_probe, secrets));
  }
  return probes;
}

}  // namespace

std::unique_ptr<Gateway> make_gateway(const asio::any_io_executor& executor,
                                      const configuration::GatewaySettings& settings,
                                      const configuration::HttpSettings& http, OutputLine output,
                                      const std::vector<NamedSecret>& secrets) {
  auto action =
      std::visit(ActionMaker{executor, settings.activation_timeout(), std::move(output), secrets}, settings.action);
  return std::make_unique<ProbedAction>(std::move(action), make_probes(executor, settings, http, secrets),
                                        settings.verify_timeout);
}

}  // namespace renewd::gateway
