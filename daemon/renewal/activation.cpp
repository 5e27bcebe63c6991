// Making the gateway use the installed keystore, and showing that it does.
#include <utility>

#include <fmt/format.h>

#include "core/cancellation.hpp"
#include "core/try.hpp"
#include "renewal/renewal.hpp"

namespace renewd::renewal {

namespace asio = boost::asio;
using certificate::Certificate;

// Makes the gateway use what is installed, and shows that it does.
asio::awaitable<Result<gateway::Activation>> Renewal::use(Entry& entry) {
  const std::string keystore = entry.reached.contains(Phase::answered) ? "new" : "installed";
  gateway::Activation activation{entry.in_use ? gateway::Use::in_use : gateway::Use::not_confirmed,
                                 "the gateway was told before"};
  // An earlier process began to tell it, and did not see what came of it. A gateway that is not well may be starting
  // just now, with the whole host, and its log may tell of an unlucky start in between: that is no reason to roll back,
  // but one to tell it again. What it is told from beginning to end by one process decides.
  bool from_the_beginning = false;
  while (entry.phase < Phase::verified) {
    if (entry.phase < Phase::activated) {
      from_the_beginning = entry.invocations.empty();
      CO_TRY_LET(activation, co_await activate(entry, keystore));
      entry.in_use = activation.use == gateway::Use::in_use;
      // Where nothing runs there is nothing to verify.
      const bool runs = activation.use != gateway::Use::not_running;
      // Whoever finds this again sees by it whether the gateway has survived the interruption.
      const auto units = co_await around_.gateway.units();
      CO_TRY(reach(entry, runs ? Phase::activated : Phase::verified,
                   units.map([](const gateway::Units& now) { return now.invocations; }).value_or(Invocations())));
      continue;
    }
    auto verified = co_await verify(before_of(entry), activation, keystore);
    const bool tell_again = !verified && verified.error().kind == ErrorKind::gateway && !from_the_beginning;
    if (!verified && !tell_again) {
      co_return tl::unexpected(std::move(verified.error()));
    }
    if (verified) {
      activation = std::move(*verified);
    }
    CO_TRY(reach(entry, verified ? Phase::verified : Phase::installed));
  }
  co_return activation;
}

gateway::Before before_of(const installation::JournalEntry& entry) {
  const std::chrono::microseconds began(entry.activation_began);
  return {entry.running, TimePoint(std::chrono::duration_cast<TimePoint::duration>(began)), entry.log_position,
          entry.invocations};
}

asio::awaitable<Result<gateway::Before>> Renewal::before_activation(Entry& entry) {
  if (!entry.invocations.empty()) {
    co_return before_of(entry);  // an earlier process was telling it: what that has started is not started again
  }
  Entry next = entry;
  auto units = co_await around_.gateway.units();
  if (!units) {
    co_return tl::unexpected(std::move(units.error()));
  }
  if (next.activation_began == 0) {
    next.running = std::move(units->running);
  }
  next.invocations = std::move(units->invocations);
  next.activation_began =
      std::chrono::duration_cast<std::chrono::microseconds>(around_.clock.now().time_since_epoch()).count();
  next.log_position = around_.gateway.log_position();
  if (auto written = journal_.write(next); !written) {
    co_return tl::unexpected(std::move(written.error()));
  }
  entry = std::move(next);
  co_return before_of(entry);
}

asio::awaitable<Result<gateway::Activation>> Renewal::activate(Entry& entry, std::string keystore) {
  auto before = co_await before_activation(entry);
  if (!before) {
    co_return tl::unexpected(activation_failed(std::move(before.error()), keystore));
  }
  auto activation = co_await tell(std::move(*before), std::move(keystore));
  // What could not be asked or told just now is gone on with: what did start meanwhile is not started again.
  if (!activation && activation.error().kind == ErrorKind::gateway) {
    end_telling(entry);
  }
  co_return activation;
}

void Renewal::end_telling(Entry& entry) {
  entry.invocations.clear();
  (void)journal_.write(entry);
}

asio::awaitable<Result<gateway::Activation>> Renewal::tell(gateway::Before before, std::string keystore) {
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

asio::awaitable<Result<gateway::Activation>> Renewal::verify(gateway::Before before, gateway::Activation activation,
                                                             std::string keystore) {
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
  const auto lock = take_lock(holder);
  if (!lock) {
    co_return tl::unexpected(lock.error());
  }
  auto unfinished = recall();
  if (!unfinished) {
    co_return tl::unexpected(std::move(unfinished.error()));
  }
  Entry entry = unfinished->value_or(Entry{});
  if (entry.phase >= Phase::installed) {
    if (entry.phase != Phase::rolling_back) {
      entry.phase = Phase::installed;
    }
    entry.invocations.clear();  // who asks for it wants it told in any case
    co_return co_await carry_on(entry);
  }
  auto installed = read_installed(around_.filesystem, settings_.keystore);
  if (!installed) {
    co_return tl::unexpected(std::move(installed.error()));
  }
  const Certificate& certificate = installed->keystore.certificate;
  if (!*unfinished) {
    // A gateway that this leaves down is activated again by the next run.
    entry.fingerprint = certificate.fingerprint_sha256();
    if (auto written = reach(entry, Phase::installed); !written) {
      co_return tl::unexpected(std::move(written.error()));
    }
    co_return co_await carry_on(entry);
  }
  // An answer waits for its turn, and goes on waiting; what ran before is noted with it.
  entry.invocations.clear();
  auto activation = co_await activate(entry, "installed");
  if (!activation) {
    co_return tl::unexpected(std::move(activation.error()));
  }
  auto verified = co_await verify(before_of(entry), *activation, "installed");
  if (!verified) {
    if (verified.error().kind == ErrorKind::gateway) {
      end_telling(entry);
    }
    co_return tl::unexpected(std::move(verified.error()));
  }
  if (activation->use == gateway::Use::in_use) {
    (void)history_.record_in_use(record_of(certificate));
  }
  entry.running.clear();
  entry.activation_began = 0;
  entry.invocations.clear();
  if (auto written = journal_.write(entry); !written) {
    co_return tl::unexpected(std::move(written.error()));
  }
  co_return Completed{certificate, std::move(*verified)};
}

}  // namespace renewd::renewal
