// Making the gateway use the installed keystore, and showing that it does.
#include <utility>

#include <fmt/format.h>

#include "core/cancellation.hpp"
#include "core/try.hpp"
#include "renewal/renewal.hpp"

namespace renewd::renewal {

namespace asio = boost::asio;
using certificate::Certificate;

namespace {

std::string label_of(const installation::JournalEntry& record) {
  return record.has_answer() ? "new" : "installed";
}

}  // namespace

gateway::GatewaySnapshot before_of(const installation::JournalEntry& entry) {
  const auto last = entry.last_activation.value_or(installation::LastActivation{});
  return {last.running, last.began, last.log_position, last.invocations};
}

asio::awaitable<Renewal::GatewayStep> Renewal::activate_new(Entry record) {
  std::string keystore = label_of(record);
  GatewayStep step = co_await activate(std::move(record), std::move(keystore));
  if (!step.outcome) {
    co_return step;
  }
  step.record.in_use = step.outcome->use == gateway::Use::in_use;
  // Where nothing runs there is nothing to verify.
  const bool runs = step.outcome->use != gateway::Use::not_running;
  // The next run sees by it whether the gateway has survived an interruption.
  auto units = co_await around_.gateway.units();
  auto reached = reach(step.record, runs ? Phase::activated : Phase::verified,
                       units ? std::move(units->invocations) : Invocations());
  if (!reached) {
    step.outcome = tl::unexpected(std::move(reached.error()));
    co_return step;
  }
  step.record = std::move(*reached);
  co_return step;
}

asio::awaitable<Renewal::GatewayStep> Renewal::verify_new(Entry record, gateway::Activation activation) {
  auto verified = co_await verify(before_of(record), std::move(activation), label_of(record));
  if (!verified) {
    co_return GatewayStep{std::move(record), std::move(verified)};
  }
  auto reached = reach(record, Phase::verified);
  if (!reached) {
    co_return GatewayStep{std::move(record), tl::unexpected(std::move(reached.error()))};
  }
  co_return GatewayStep{std::move(*reached), std::move(verified)};
}

asio::awaitable<Renewal::GatewayStep> Renewal::activate_and_verify(Entry record, std::string keystore,
                                                                   Certificate certificate) {
  GatewayStep step = co_await activate(std::move(record), keystore);
  if (!step.outcome) {
    co_return step;
  }
  const bool in_use = step.outcome->use == gateway::Use::in_use;
  step.outcome = co_await verify(before_of(step.record), std::move(*step.outcome), std::move(keystore));
  if (!step.outcome && step.outcome.error().kind == ErrorKind::gateway) {
    step.record = end_telling(std::move(step.record));
  }
  if (step.outcome) {
    (void)(in_use ? history_.record_in_use(record_of(certificate)) : history_.forget_in_use());
  }
  co_return step;
}

asio::awaitable<Renewal::GatewayStep> Renewal::activate(Entry record, std::string keystore) {
  auto noted = co_await note_gateway(record);
  if (!noted) {
    co_return GatewayStep{std::move(record), tl::unexpected(activation_failed(std::move(noted.error()), keystore))};
  }
  auto activation = co_await tell(before_of(*noted), std::move(keystore));
  // After any other error the activation is resumed: what did start meanwhile is not started again.
  if (!activation && activation.error().kind == ErrorKind::gateway) {
    co_return GatewayStep{end_telling(std::move(*noted)), std::move(activation)};
  }
  co_return GatewayStep{std::move(*noted), std::move(activation)};
}

asio::awaitable<Result<installation::JournalEntry>> Renewal::note_gateway(Entry record) {
  if (record.has_invocations()) {
    co_return record;  // an earlier process was telling it: what that has started is not started again
  }
  CO_TRY_LET(gateway::Units units, co_await around_.gateway.units());
  installation::LastActivation last{.began = std::chrono::floor<std::chrono::microseconds>(around_.clock.now()),
                                    .running = std::move(units.running),
                                    .invocations = std::move(units.invocations),
                                    .log_position = around_.gateway.log_position()};
  if (record.last_activation) {
    last.running = std::move(record.last_activation->running);
  }
  record.last_activation = std::move(last);
  CO_TRY(journal_.write(record));
  co_return record;
}

// It is not being told any more. Best effort: what failed otherwise matters more.
installation::JournalEntry Renewal::end_telling(Entry record) {
  record.forget_invocations();
  (void)journal_.write(record);
  return record;
}

asio::awaitable<Result<gateway::Activation>> Renewal::tell(gateway::GatewaySnapshot before, std::string keystore) {
  const bool stopping = co_await stop_requested();
  if (stopping) {
    co_return failure(ErrorKind::cancelled, "told to stop before the gateway was activated");
  }
  auto activation = co_await around_.gateway.activate(std::move(before));
  acted_ = acted_ || around_.gateway.acted();
  if (!activation) {
    co_return tl::unexpected(activation_failed(std::move(activation.error()), keystore));
  }
  event(EventName::gateway_activated, activation->message,
        {{"action", around_.gateway.description()}, {"keystore", keystore}});
  co_return std::move(*activation);
}

Error Renewal::activation_failed(Error error, const std::string& keystore) const {
  if (error.kind == ErrorKind::gateway) {
    event(EventName::gateway_activation_failed, error.message, {{"keystore", keystore}});
  }
  return with_context(fmt::format("activating the {} keystore", keystore), std::move(error));
}

asio::awaitable<Result<gateway::Activation>> Renewal::verify(gateway::GatewaySnapshot before,
                                                             gateway::Activation activation, std::string keystore) {
  const bool sees_something = activation.use == gateway::Use::in_use || around_.gateway.has_probes();
  if (activation.use == gateway::Use::not_running || !sees_something) {
    co_return activation;
  }
  const bool stopping = co_await stop_requested();
  if (stopping) {
    co_return failure(ErrorKind::cancelled, "told to stop before the gateway was verified");
  }
  auto verified = co_await around_.gateway.verify(std::move(before));
  if (!verified) {
    if (verified.error().kind == ErrorKind::gateway) {
      event(EventName::gateway_verification_failed, verified.error().message, {{"keystore", keystore}});
    }
    co_return tl::unexpected(
        with_context(fmt::format("verifying the gateway with the {} keystore", keystore), std::move(verified.error())));
  }
  if (verified->use == gateway::Use::not_running) {
    // Nothing to go back for: it has started with the keystore, and somebody wanted it down.
    event(EventName::gateway_activated, verified->message,
          {{"action", around_.gateway.description()}, {"keystore", keystore}});
    co_return std::move(*verified);
  }
  event(EventName::gateway_verified, verified->message, {{"keystore", keystore}});
  co_return activation;
}

asio::awaitable<Result<Completed>> Renewal::activate_again(std::string holder) {
  CO_TRY_LET(const auto lock, take_lock(holder));
  CO_TRY_LET(std::optional<Entry> record, load_unfinished());
  if (record && record->is_at_gateway()) {
    if (record->phase != Phase::rolling_back) {
      record->phase = Phase::installed;
    }
    record->forget_invocations();  // who asks for it wants it told in any case
    co_return co_await carry_on(std::move(record));
  }
  CO_TRY_LET(const Installed installed, read_installed(around_.filesystem, settings_.keystore));
  const Certificate& certificate = installed.keystore.certificate;
  if (!record) {
    // A gateway that this leaves down is activated again by the next run.
    const Entry begun{.phase = Phase::installed, .fingerprint = certificate.fingerprint_sha256()};
    CO_TRY_LET(record, reach(begun, Phase::installed));
    co_return co_await carry_on(std::move(record));
  }
  // An answer waits for its turn, and goes on waiting; what ran before is noted with it.
  record->forget_invocations();
  GatewayStep step = co_await activate_and_verify(std::move(*record), "installed", certificate);
  if (!step.outcome) {
    co_return tl::unexpected(std::move(step.outcome.error()));
  }
  step.record.last_activation.reset();
  CO_TRY(journal_.write(step.record));
  co_return Completed{certificate, std::move(*step.outcome)};
}

}  // namespace renewd::renewal
