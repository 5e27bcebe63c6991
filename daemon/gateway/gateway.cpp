#include "gateway/gateway.hpp"

#include <algorithm>
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
// How long a unit must stay up after it ended by itself: more than the period of most crash loops, and less than what
// the alert GraviteeGatewayDown waits.
constexpr std::chrono::seconds kStaysUpFor{180};

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

// Errors of kind disk that name no cause of their own are those of systemd and D-Bus.
Error with_bus_advice(Error error) {
  return error.kind == kInconclusive ? with_advice(std::move(error), std::string(kBusAdvice)) : std::move(error);
}

class GatewayWithProbes final : public Gateway {
 public:
  // `health_check`: one of the probes, if there is one.
  GatewayWithProbes(std::unique_ptr<Action> action, Probes probes, HttpProbe* health_check,
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
  asio::awaitable<Result<Examination>> state(std::optional<std::chrono::milliseconds> health_timeout) override;
  std::vector<std::string> watched_units() const override { return action_->watched_units(); }
  asio::awaitable<Result<std::string>> check_activation() override {
    auto possible = co_await action_->rehearse();
    co_return std::move(possible).map_error(with_bus_advice);
  }
  asio::awaitable<Result<Activation>> activate(GatewaySnapshot before) override;
  bool acted() const override { return action_->acted(); }
  asio::awaitable<Result<Activation>> verify(GatewaySnapshot before) override;
  asio::awaitable<Result<std::string>> rehearse() override;

 private:
  std::unique_ptr<Action> action_;
  Probes probes_;
  HttpProbe* health_check_;
  std::chrono::seconds activation_timeout_;
  std::chrono::seconds verify_timeout_;
};

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

asio::awaitable<Result<Examination>> GatewayWithProbes::state(std::optional<std::chrono::milliseconds> health_timeout) {
  auto units = co_await action_->state(std::max(verify_timeout_, kStaysUpFor));
  if (!units) {
    co_return tl::unexpected(with_bus_advice(std::move(units.error())));
  }
  Examination found{.state = std::move(*units)};
  if (!health_timeout || health_check_ == nullptr || (found.state && found.state->health != Health::up)) {
    co_return found;
  }
  auto result = co_await health_check_->get(*health_timeout);
  if (!result && result.error().kind == ErrorKind::cancelled) {
    co_return tl::unexpected(std::move(result.error()));
  }
  if (!result) {
    found.health_check_problem = problem_of(std::move(result.error()));
  } else if (result->verdict == Verdict::inconclusive) {
    found.health_check_problem = Problem{std::move(result->message), std::move(result->advice)};
  } else if (!found.state) {
    found.state = GatewayState{result->verdict == Verdict::passed ? Health::up : Health::unhealthy,
                               std::move(result->message), ""};
  } else if (result->verdict != Verdict::passed) {
    const bool may_still_start = found.state->up_for && *found.state->up_for < verify_timeout_;
    found.state->health = may_still_start ? Health::changing : Health::unhealthy;
    found.state->message = std::move(result->message);
  }
  co_return found;
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

asio::awaitable<Examination> examine(Gateway& gateway, std::optional<std::chrono::milliseconds> health_timeout,
                                     configuration::RenewMode renew) {
  const bool is_renewed = renew == configuration::RenewMode::automatic;
  auto state = co_await gateway.state(health_timeout);
  Examination found = state ? std::move(*state) : Examination();
  if (!state && state.error().kind != ErrorKind::cancelled) {
    (is_renewed ? found.activation_problem : found.health_check_problem) = problem_of(std::move(state.error()));
  }
  if (state && is_renewed) {
    auto possible = co_await gateway.check_activation();
    if (!possible && possible.error().kind != ErrorKind::cancelled) {
      found.activation_problem = problem_of(std::move(possible.error()));
    }
  }
  co_return found;
}

std::unique_ptr<Gateway> make_gateway(const asio::any_io_executor& executor,
                                      const configuration::GatewaySettings& settings,
                                      const configuration::HttpSettings& http, OutputLine output,
                                      const std::vector<NamedSecret>& secrets) {
  auto action =
      std::visit(ActionMaker{executor, settings.activation_timeout(), std::move(output), secrets}, settings.action);
  Probes probes = make_probes(executor, settings, http, secrets);
  auto* const health_check = settings.http_probe ? static_cast<HttpProbe*>(probes.front().get()) : nullptr;
  return std::make_unique<GatewayWithProbes>(std::move(action), std::move(probes), health_check,
                                             settings.activation_timeout(), settings.verify_timeout);
}

}  // namespace renewd::gateway
