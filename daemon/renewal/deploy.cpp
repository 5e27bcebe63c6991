#include "renewal/deploy.hpp"

#include <utility>

#include <fmt/format.h>

#include "core/blocking.hpp"
#include "core/error_context.hpp"
#include "core/text.hpp"
#include "core/try.hpp"
#include "gateway/verification.hpp"
#include "renewal/install.hpp"
#include "renewal/recovery.hpp"

namespace renewd::renewal {
namespace {

namespace asio = boost::asio;
using certificate::Certificate;

// What the record says about the gateway before this process activates it.
gateway::Activation as_recorded(const std::optional<Record>& record) {
  return {record && record->in_use ? gateway::Use::in_use : gateway::Use::not_confirmed,
          "the gateway was activated earlier"};
}

// Why the previous keystore is restored.
Error refusal(const Result<gateway::Activation>& outcome) {
  return outcome ? Error{ErrorKind::gateway, "the gateway did not run with the renewed keystore in an earlier attempt"}
                 : outcome.error();
}

}  // namespace

std::chrono::seconds longest_renewal(const configuration::GatewaySettings& gateway,
                                     const configuration::HttpSettings& http) {
  return http.request_timeout +
         3 * (gateway.activation_timeout() + gateway::longest_verification(gateway.verify_timeout));
}

asio::awaitable<Result<Completed>> Deploy::run(std::optional<Record> record, std::optional<Judged> judged) {
  steps_.forget_touched();
  int interruptions = 0;
  if (record && !judged) {
    work_.event(EventName::renewal_resumed,
                record->phase == Phase::answered
                    ? std::string("continuing with the stored answer")
                    : fmt::format("resuming the unfinished renewal after \"{}\"", to_string(record->phase)),
                {{"phase", std::string(to_string(record->phase))}, {"resumed", std::int64_t{record->resumed}}});
    // In `answered` the gate counts them.
    if (record->phase != Phase::answered) {
      CO_TRY_LET(record, co_await count_interruption(std::move(*record)));
      interruptions = record->resumed - 1;
    }
  }
  auto completed = co_await carry_on(std::move(record), std::move(judged));
  const auto left = work_.journal.peek();
  // The gateway itself may cause a stop of the daemon during activation, every time: if this run has acted on the
  // gateway, or (as the next run sees) the gateway has not survived the stop.
  const bool stopped_at_gateway =
      !completed && completed.error().kind == ErrorKind::cancelled && left && left->is_at_gateway();
  if (!completed && !(stopped_at_gateway && steps_.touched())) {
    (void)work_.forget_interruptions(stopped_at_gateway ? interruptions : 0);  // best effort: the failure matters more
  }
  co_return completed;
}

asio::awaitable<Result<Record>> Deploy::count_interruption(Record record) {
  if (auto others = co_await steps_.other_runs(record)) {
    record.last_activation->invocations = std::move(*others);
    ++record.resumed;
  }
  ++record.resumed;
  CO_TRY(work_.journal.write(record));
  co_return record;
}

asio::awaitable<Result<Completed>> Deploy::carry_on(std::optional<Record> record, std::optional<Judged> judged) {
  bool activated_here = false;
  Result<gateway::Activation> outcome = as_recorded(record);
  const auto take = [&](GatewayStep step) {
    record = std::move(step.record);
    outcome = std::move(step.outcome);
  };
  while (true) {
    Seen seen = co_await run_blocking(work_.pool, [&] { return look(record, outcome, activated_here); });
    switch (next(record, seen.facts)) {
      case Action::request:
        co_return failure(ErrorKind::busy, "another process has completed the renewal in the meantime");
      case Action::install: {
        CO_TRY(co_await check_gateway(work_));
        CO_TRY_LET(Replaced replaced, co_await run_blocking(work_.pool, [&] {
                     return install(work_, gate_, *record, std::exchange(judged, std::nullopt));
                   }));
        work_.on_installed(replaced.record, replaced.certificate);
        record = std::move(replaced.record);
        break;
      }
      case Action::activate:
        activated_here = !record->has_invocations();
        take(co_await steps_.activate_new(*record));
        break;
      case Action::verify:
        take(co_await steps_.verify_new(*record, *outcome));
        break;
      case Action::activate_again: {
        CO_TRY_LET(record, work_.reach(*record, Phase::installed));
        outcome = as_recorded(record);
        break;
      }
      case Action::go_forward: {
        CO_TRY_LET(record, work_.reach(*record, Phase::answered));
        break;
      }
      case Action::finish:
        co_return co_await run_blocking(work_.pool, [&] { return finish(*record, std::move(*outcome)); });
      case Action::roll_back: {
        Error error = co_await roll_back_.run(std::move(*record), std::move(*seen.previous), refusal(outcome));
        co_return tl::unexpected(std::move(error));
      }
      case Action::restore_chosen:
        co_return co_await roll_back_.restore_chosen(std::move(*record), std::move(*seen.previous), std::nullopt);
      case Action::yield: {
        Error error = co_await run_blocking(work_.pool, [&] { return yield(std::move(*record), outcome); });
        co_return tl::unexpected(std::move(error));
      }
      case Action::retry_later:
        co_return tl::unexpected(retry_later(*record, std::move(outcome.error())));
      case Action::stop:
        co_return tl::unexpected(std::move(outcome.error()));
    }
  }
}

// The facts that next() needs. Opens only the keystores on which the action depends, since opening one takes time.
Deploy::Seen Deploy::look(const std::optional<Record>& record, const Result<gateway::Activation>& outcome,
                          bool activated_here) {
  Seen seen{{.activated_here = activated_here}, std::nullopt};
  if (!record) {
    return seen;
  }
  const bool rolling_back = record->phase == Phase::rolling_back;
  if (!outcome) {
    seen.facts.failed = outcome.error().kind;
  }
  // For an interrupted roll-back, load_unfinished() has checked this.
  seen.facts.replaced =
      !rolling_back && (!outcome || record->phase == Phase::verified) && was_replaced_externally(work_, *record);
  if (rolling_back || seen.facts.failed == ErrorKind::gateway) {
    seen.previous = roll_back_.previous(*record);
  }
  if (seen.previous) {
    const bool newer = rolling_back && roll_back_.goes_forward(*record, *seen.previous);
    seen.facts.previous = newer ? Previous::newer : Previous::usable;
  }
  return seen;
}

// The external keystore stays. The next run adapts to it.
Error Deploy::yield(Record record, const Result<gateway::Activation>& outcome) {
  Error error{ErrorKind::busy, "the keystore was replaced externally during the renewal"};
  if (!outcome) {
    error = with_another(std::move(error), "before that", outcome.error());
  }
  if (auto adapted = adapt(work_, std::move(record)); !adapted) {
    error = with_another(std::move(error), "writing the journal", adapted.error());
  }
  return error;
}

// Back to `installed`: a gateway that does not run must be activated again, not only verified.
Error Deploy::retry_later(const Record& record, Error cause) {
  if (auto back = work_.reach(record, Phase::installed); !back) {
    cause = with_another(std::move(cause), "writing the journal", back.error());
  }
  return cause;
}

Result<Completed> Deploy::finish(const Record& record, gateway::Activation activation) {
  TRY_LET(const InstalledKeystore installed, work_.keystore.read());
  const Certificate& renewed = installed.keystore.certificate;
  // Otherwise the gateway was only activated, with a keystore from elsewhere: that is not a renewal.
  const bool is_renewal = record.has_answer();
  // If the gateway does not run, or cannot be observed, it is not known which certificate it uses.
  Result<void> recorded = record.in_use ? work_.history.record_in_use(state::record_of(renewed), Durability::content)
                                        : work_.history.forget_in_use();
  // discard() syncs the directory for what is before it. The journal is removed last: a step that fails before is
  // repeated.
  recorded = std::move(recorded)
                 .and_then([&] {
                   return work_.history.append(is_renewal ? "renewed" : "activated", record, work_.clock.now(),
                                               renewed.key_type(), Durability::content);
                 })
                 .and_then([&] {
                   return record.in_use
                              ? state::keep(work_.filesystem, work_.paths, installed.bytes, state::record_of(renewed))
                              : Result<void>();
                 })
                 .and_then([&] { return work_.answers.discard(); })
                 .and_then([&] { return work_.journal.clear(); });
  TRY(std::move(recorded).map_error(in_context("closing the renewal")));
  if (is_renewal) {
    work_.event(EventName::renewal_completed,
                fmt::format("renewed until {}; {}", format_time(renewed.not_after()), activation.message),
                certificate_fields(renewed));
  }
  return Completed{renewed, std::move(activation), is_renewal};
}

}  // namespace renewd::renewal
