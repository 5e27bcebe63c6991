#include "renewal/gateway_steps.hpp"

#include <utility>

#include <fmt/format.h>

#include "core/blocking.hpp"
#include "core/cancellation.hpp"
#include "core/try.hpp"

namespace renewd::renewal {

namespace asio = boost::asio;
using certificate::Certificate;

namespace {

std::string label_of(const Record& record) {
  return record.has_answer() ? "new" : "installed";
}

// Events call the previous keystore "old".
std::string in_words(const std::string& keystore) {
  return keystore == "old" ? "previous" : keystore;
}

}  // namespace

gateway::GatewaySnapshot snapshot_of(const Record& record) {
  const auto last = record.last_activation.value_or(state::LastActivation{});
  return {last.running, last.began, last.log_position, last.invocations};
}

asio::awaitable<Result<void>> check_gateway(Workspace& work) {
  const Result<std::string> possible = co_await work.gateway.check_activation();
  if (possible || possible.error().kind != ErrorKind::gateway || !work.settings.gateway.rollback) {
    co_return Result<void>();
  }
  // In place of an expired certificate, a new one helps as soon as anybody starts the gateway.
  const auto installed = co_await run_blocking(work.pool, [&work] { return work.keystore.read(); });
  if (installed && installed->keystore.certificate.not_after() <= work.clock.now()) {
    co_return Result<void>();
  }
  co_return tl::unexpected(with_context("the gateway could not be activated", possible.error()));
}

asio::awaitable<GatewayStep> GatewaySteps::activate_new(Record record) {
  std::string keystore = label_of(record);
  GatewayStep step = co_await activate(std::move(record), std::move(keystore));
  if (!step.outcome) {
    co_return step;
  }
  step.record.in_use = step.outcome->use == gateway::Use::in_use;
  // A gateway that does not run cannot be verified.
  const bool runs = step.outcome->use != gateway::Use::not_running;
  // Shows the next run whether the gateway has survived an interruption.
  auto units = co_await work_.gateway.units();
  auto reached = work_.reach(step.record, runs ? Phase::activated : Phase::verified, Durability::process,
                             units ? std::move(units->invocations) : Invocations());
  if (!reached) {
    step.outcome = tl::unexpected(std::move(reached.error()));
    co_return step;
  }
  step.record = std::move(*reached);
  co_return step;
}

asio::awaitable<GatewayStep> GatewaySteps::verify_new(Record record, gateway::Activation activation) {
  auto verified = co_await verify(snapshot_of(record), std::move(activation), label_of(record));
  if (!verified) {
    co_return GatewayStep{std::move(record), std::move(verified)};
  }
  auto reached = work_.reach(record, Phase::verified, Durability::process);
  if (!reached) {
    co_return GatewayStep{std::move(record), tl::unexpected(std::move(reached.error()))};
  }
  co_return GatewayStep{std::move(*reached), std::move(verified)};
}

asio::awaitable<GatewayStep> GatewaySteps::activate_and_verify(Record record, std::string keystore,
                                                               Certificate certificate) {
  GatewayStep step = co_await activate(std::move(record), keystore);
  if (!step.outcome) {
    co_return step;
  }
  const bool in_use = step.outcome->use == gateway::Use::in_use;
  step.outcome = co_await verify(snapshot_of(step.record), std::move(*step.outcome), std::move(keystore));
  if (!step.outcome && step.outcome.error().kind == ErrorKind::gateway) {
    step.record = end_activation(std::move(step.record));
  }
  if (step.outcome) {
    (void)(in_use ? work_.history.record_in_use(state::record_of(certificate)) : work_.history.forget_in_use());
  }
  co_return step;
}

asio::awaitable<std::optional<Invocations>> GatewaySteps::other_runs(Record record) {
  if (record.phase != Phase::activated || !record.has_invocations()) {
    co_return std::nullopt;
  }
  auto units = co_await work_.gateway.units();
  if (!units || units->invocations == record.last_activation->invocations) {
    co_return std::nullopt;
  }
  co_return std::move(units->invocations);
}

asio::awaitable<GatewayStep> GatewaySteps::activate(Record record, std::string keystore) {
  auto noted = co_await note_gateway(record);
  if (!noted) {
    co_return GatewayStep{std::move(record), tl::unexpected(activation_failed(std::move(noted.error()), keystore))};
  }
  auto activation = co_await act(snapshot_of(*noted), std::move(keystore));
  // After any other error the activation is resumed: a unit that has started meanwhile is not restarted.
  if (!activation && activation.error().kind == ErrorKind::gateway) {
    co_return GatewayStep{end_activation(std::move(*noted)), std::move(activation)};
  }
  co_return GatewayStep{std::move(*noted), std::move(activation)};
}

// Records the state of the gateway before the activation in the journal.
asio::awaitable<Result<Record>> GatewaySteps::note_gateway(Record record) {
  if (record.has_invocations()) {
    co_return record;  // an earlier process began this activation: units that it has started are not restarted
  }
  CO_TRY_LET(gateway::Units units, co_await work_.gateway.units());
  state::LastActivation last{.began = std::chrono::floor<std::chrono::microseconds>(work_.clock.now()),
                             .running = std::move(units.running),
                             .invocations = std::move(units.invocations),
                             .log_position = work_.gateway.log_position()};
  if (record.last_activation) {
    last.running = std::move(record.last_activation->running);
  }
  record.last_activation = std::move(last);
  CO_TRY(work_.journal.write(record));
  co_return record;
}

// Best effort: the other failure matters more.
Record GatewaySteps::end_activation(Record record) {
  record.forget_invocations();
  (void)work_.journal.write(record);
  return record;
}

asio::awaitable<Result<gateway::Activation>> GatewaySteps::act(gateway::GatewaySnapshot before, std::string keystore) {
  const bool stopping = co_await stop_requested();
  if (stopping) {
    co_return failure(ErrorKind::cancelled, "stopped before the gateway was activated");
  }
  auto activation = co_await work_.gateway.activate(std::move(before));
  touched_ = touched_ || work_.gateway.acted();
  if (!activation) {
    co_return tl::unexpected(activation_failed(std::move(activation.error()), keystore));
  }
  work_.event(EventName::gateway_activated, activation->message,
              {{"action", work_.gateway.description()}, {"keystore", keystore}});
  co_return std::move(*activation);
}

Error GatewaySteps::activation_failed(Error error, const std::string& keystore) const {
  if (error.kind == ErrorKind::gateway) {
    work_.event(EventName::gateway_activation_failed, error.message, {{"keystore", keystore}});
  }
  return with_context(fmt::format("activating the {} keystore", in_words(keystore)), std::move(error));
}

// Returns `activation`, or that the gateway has been stopped on purpose since.
asio::awaitable<Result<gateway::Activation>> GatewaySteps::verify(gateway::GatewaySnapshot before,
                                                                  gateway::Activation activation,
                                                                  std::string keystore) {
  const bool can_see = activation.use == gateway::Use::in_use || work_.gateway.has_probes();
  if (activation.use == gateway::Use::not_running || !can_see) {
    co_return activation;
  }
  const bool stopping = co_await stop_requested();
  if (stopping) {
    co_return failure(ErrorKind::cancelled, "stopped before the gateway was verified");
  }
  auto verified = co_await work_.gateway.verify(std::move(before));
  if (!verified) {
    if (verified.error().kind == ErrorKind::gateway) {
      work_.event(EventName::gateway_verification_failed, verified.error().message, {{"keystore", keystore}});
    }
    co_return tl::unexpected(with_context(fmt::format("verifying the gateway with the {} keystore", in_words(keystore)),
                                          std::move(verified.error())));
  }
  if (verified->use == gateway::Use::not_running) {
    // It has started with the keystore, and was stopped on purpose: no reason to roll back.
    work_.event(EventName::gateway_activated, verified->message,
                {{"action", work_.gateway.description()}, {"keystore", keystore}});
    co_return std::move(*verified);
  }
  work_.event(EventName::gateway_verified, verified->message, {{"keystore", keystore}});
  co_return activation;
}

}  // namespace renewd::renewal
