#include "gateway/gateway.hpp"

#include <utility>
#include <variant>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include "core/as_tuple.hpp"
#include "core/cancellation.hpp"
#include "gateway/command_action.hpp"
#include "gateway/http_probe.hpp"
#include "gateway/log_probe.hpp"
#include "gateway/no_action.hpp"
#include "gateway/signal_action.hpp"
#include "gateway/system_bus.hpp"
#include "gateway/systemd_action.hpp"
#include "gateway/systemd_units.hpp"
#include "gateway/verification.hpp"
#include "http/https_client.hpp"

namespace renewd::gateway {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::seconds kShutdownPollInterval{1};

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

class GatewayWithProbes final : public Gateway {
 public:
  // `health_check`: one of the probes, if there is one.
  GatewayWithProbes(std::unique_ptr<Action> action, Probes probes, Probe* health_check,
                    std::chrono::seconds activation_timeout, std::chrono::seconds verify_timeout)
      : action_(std::move(action)),
        probes_(std::move(probes)),
        health_check_(health_check),
        activation_timeout_(activation_timeout),
        verify_timeout_(verify_timeout) {}

  std::string description() const override { return action_->description(); }
  bool has_probes() const override { return !probes_.empty(); }
  std::string log_position() const override;
  asio::awaitable<Result<Units>> units() override { return action_->units(); }
  asio::awaitable<Result<std::optional<GatewayState>>> state(bool health_check) override;
  std::vector<std::string> watched_units() const override { return action_->watched_units(); }
  asio::awaitable<Result<std::string>> check_activation() override { return action_->rehearse(); }
  asio::awaitable<Result<Activation>> activate(GatewaySnapshot before) override;
  bool acted() const override { return action_->acted(); }
  asio::awaitable<Result<Activation>> verify(GatewaySnapshot before) override;
  asio::awaitable<Result<std::string>> rehearse() override;

 private:
  std::unique_ptr<Action> action_;
  Probes probes_;
  Probe* health_check_;
  std::chrono::seconds activation_timeout_;
  std::chrono::seconds verify_timeout_;
};

// Errors of kind disk that name no cause of their own are those of systemd and D-Bus.
Error with_bus_advice(Error error) {
  return error.kind == kInconclusive ? with_advice(std::move(error), std::string(kBusAdvice)) : std::move(error);
}

// A host that shuts down stops the gateway and starts nothing. That says nothing about the keystore: the daemon waits
// to be stopped as well, and resumes after the boot.
asio::awaitable<Result<Activation>> unless_host_shuts_down(Result<Activation> outcome, std::chrono::seconds timeout) {
  const bool is_down = outcome ? outcome->use == Use::not_running : outcome.error().kind == ErrorKind::gateway;
  if (!is_down) {
    co_return outcome;
  }
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  asio::steady_timer timer(co_await asio::this_coro::executor);
  for (bool shuts_down = false;;) {
    const Result<bool> answer = co_await host_shuts_down();
    shuts_down = answer.value_or(shuts_down);
    if (!shuts_down) {
      co_return outcome;
    }
    if (std::chrono::steady_clock::now() >= deadline) {
      co_return failure(kInconclusive, "the host is shutting down");
    }
    timer.expires_after(kShutdownPollInterval);
    co_await timer.async_wait(kAsTuple);
    const bool stopping = co_await stop_requested();
    if (stopping) {
      co_return failure(ErrorKind::cancelled, "cancelled while the host is shutting down");
    }
  }
}

asio::awaitable<Result<Activation>> GatewayWithProbes::activate(GatewaySnapshot before) {
  auto activation = co_await action_->activate(std::move(before));
  auto outcome = co_await unless_host_shuts_down(std::move(activation), activation_timeout_);
  co_return std::move(outcome).map_error(with_bus_advice);
}

asio::awaitable<Result<Activation>> GatewayWithProbes::verify(GatewaySnapshot before) {
  auto verified = co_await gateway::verify(*action_, probes_, std::move(before), verify_timeout_);
  action_->end_checks();
  auto outcome = co_await unless_host_shuts_down(std::move(verified), verify_timeout_);
  co_return std::move(outcome).map_error(with_bus_advice);
}

asio::awaitable<Result<std::optional<GatewayState>>> GatewayWithProbes::state(bool health_check) {
  auto state = co_await action_->state();
  if (!health_check || health_check_ == nullptr || !state || (*state && (**state).health != Health::up)) {
    co_return state;
  }
  const Result<std::string> healthy = co_await health_check_->rehearse();
  if (!healthy && healthy.error().kind != ErrorKind::gateway) {
    co_return tl::unexpected(healthy.error());
  }
  GatewayState seen = state->value_or(GatewayState());
  if (healthy && !*state) {
    seen.message = *healthy;
  } else if (!healthy) {
    const bool may_still_start = seen.up_for && *seen.up_for < verify_timeout_;
    seen.health = may_still_start ? Health::changing : Health::unhealthy;
    seen.message = healthy.error().message;
  }
  co_return seen;
}

std::string GatewayWithProbes::log_position() const {
  for (const auto& probe : probes_) {
    if (std::string position = probe->log_position(); !position.empty()) {
      return position;
    }
  }
  return {};
}

// Reports every problem, not only the first.
asio::awaitable<Result<std::string>> GatewayWithProbes::rehearse() {
  Result<std::string> all = co_await action_->rehearse();
  for (const auto& probe : probes_) {
    const Result<std::string> one = co_await probe->rehearse();
    if (all && one) {
      *all += "; " + *one;
    } else if (all) {
      all = tl::unexpected(one.error());
    } else if (!one) {
      all.error().message += "; " + one.error().message;
    }
  }
  co_return all;
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
  Probes probes = make_probes(executor, settings, http, secrets);
  Probe* const health_check = settings.http_probe ? probes.front().get() : nullptr;
  return std::make_unique<GatewayWithProbes>(std::move(action), std::move(probes), health_check,
                                             settings.activation_timeout(), settings.verify_timeout);
}

}  // namespace renewd::gateway
