#include "renewal/renewal.hpp"

#include <utility>

#include <fmt/format.h>

#include "core/blocking.hpp"
#include "core/text.hpp"
#include "core/try.hpp"
#include "installation/lock.hpp"

namespace renewd::renewal {
namespace {

namespace asio = boost::asio;
using certificate::Certificate;

// What the record says of the gateway, as long as this process has not activated it.
gateway::Activation as_recorded(const std::optional<installation::JournalEntry>& record) {
  return {record && record->in_use ? gateway::Use::in_use : gateway::Use::not_confirmed, "the gateway was told before"};
}

// Why the previous keystore comes back.
Error refusal(const Result<gateway::Activation>& outcome) {
  return outcome ? Error{ErrorKind::gateway,
                         "the gateway did not come up with the renewed keystore when it was tried before"}
                 : outcome.error();
}

}  // namespace

Fields certificate_fields(const Certificate& certificate) {
  return {{"serial", certificate.serial()},
          {"not_before", format_time(certificate.not_before())},
          {"not_after", format_time(certificate.not_after())}};
}

installation::CertificateRecord record_of(const Certificate& certificate) {
  return {certificate.serial(), certificate.fingerprint_sha256(), certificate.not_before(), certificate.not_after()};
}

Error with_another(Error error, std::string_view what, const Error& another) {
  error.message += fmt::format("; {}: {}", what, another.message);
  return error;
}

Renewal::Renewal(RenewalContext context, configuration::CertificateSettings settings,
                 const std::filesystem::path& state_directory, unsigned requests_per_day)
    : around_(context),
      settings_(std::move(settings)),
      requests_per_day_(requests_per_day),
      paths_(state_directory, settings_.name),
      answers_(around_.filesystem, paths_),
      generations_(around_.filesystem, paths_),
      journal_(around_.filesystem, paths_),
      history_(around_.filesystem, paths_),
      requests_(around_.filesystem, paths_) {}

Result<installation::Lock> Renewal::take_lock(std::string_view holder) {
  if (auto created = around_.filesystem.create_directories(paths_.directory, installation::kStateDirectoryMode);
      !created) {
    return tl::unexpected(with_context("preparing the state directory", std::move(created.error())));
  }
  return installation::Lock::acquire(around_.filesystem, paths_.lock(), holder);
}

asio::awaitable<Result<Completed>> Renewal::run(std::string holder) {
  CO_TRY_LET(const auto lock, take_lock(holder));
  CO_TRY_LET(std::optional<Entry> record, co_await run_blocking(around_.pool, [this] { return load_unfinished(); }));
  acted_ = false;
  int interruptions = 0;
  if (record) {
    event(EventName::renewal_resumed, fmt::format("going on after \"{}\"", to_string(record->phase)),
          {{"phase", std::string(to_string(record->phase))}, {"resumed", std::int64_t{record->resumed}}});
    // With an answer the first run counts, too: see begin_judging().
    if (record->phase != Phase::answered) {
      if (auto others = co_await other_runs(*record)) {
        record->last_activation->invocations = std::move(*others);
        ++record->resumed;
      }
      interruptions = record->resumed++;
      CO_TRY(journal_.write(*record));
    }
  }
  auto completed = co_await carry_on(std::move(record));
  // A stop while the gateway is activated may be of the gateway's making, and come again each time: if this run has
  // done something to it, or (which the next run sees) its run has not survived the stop.
  const bool stopped_at_gateway = !completed && completed.error().kind == ErrorKind::cancelled && is_at_gateway();
  if (!completed && !(stopped_at_gateway && acted_)) {
    forget_interruptions(stopped_at_gateway ? interruptions : 0);
  }
  co_return completed;
}

asio::awaitable<Result<Completed>> Renewal::carry_on(std::optional<Entry> record) {
  bool activated_here = false;
  Result<gateway::Activation> outcome = as_recorded(record);
  const auto take = [&](GatewayStep step) {
    record = std::move(step.record);
    outcome = std::move(step.outcome);
  };
  while (true) {
    Seen seen = co_await run_blocking(around_.pool, [&] { return look(record, outcome, activated_here); });
    switch (next(record, seen.facts)) {
      case Action::request: {
        CO_TRY_LET(record, co_await ask());
        break;
      }
      case Action::install: {
        CO_TRY_LET(Replaced replaced, co_await run_blocking(around_.pool, [&] { return install(*record); }));
        installed_(replaced.certificate);
        record = std::move(replaced.record);
        break;
      }
      case Action::activate:
        activated_here = !record->has_invocations();
        take(co_await activate_new(*record));
        break;
      case Action::verify:
        take(co_await verify_new(*record, *outcome));
        break;
      case Action::activate_again: {
        CO_TRY_LET(record, reach(*record, Phase::installed));
        outcome = as_recorded(record);
        break;
      }
      case Action::go_forward: {
        CO_TRY_LET(record, reach(*record, Phase::answered));
        break;
      }
      case Action::finish:
        co_return co_await run_blocking(around_.pool, [&] { return finish(*record, std::move(*outcome)); });
      case Action::roll_back: {
        Error error = co_await roll_back(std::move(*record), std::move(*seen.previous), refusal(outcome));
        co_return tl::unexpected(std::move(error));
      }
      case Action::restore_chosen:
        co_return co_await restore_chosen(std::move(*record), std::move(*seen.previous), std::nullopt);
      case Action::yield: {
        Error error = co_await run_blocking(around_.pool, [&] { return yield(std::move(*record), outcome); });
        co_return tl::unexpected(std::move(error));
      }
      case Action::retry_later:
        co_return tl::unexpected(retry_later(*record, std::move(outcome.error())));
      case Action::stop:
        co_return tl::unexpected(std::move(outcome.error()));
    }
  }
}

// The facts that next() needs. Opening a keystore takes time: only those are opened on which the action depends.
Renewal::Seen Renewal::look(const std::optional<Entry>& record, const Result<gateway::Activation>& outcome,
                            bool activated_here) const {
  Seen seen{{.activated_here = activated_here}, std::nullopt};
  if (!record) {
    return seen;
  }
  const bool rolling_back = record->phase == Phase::rolling_back;
  if (!outcome) {
    seen.facts.failed = outcome.error().kind;
  }
  // An interrupted roll-back was compared with the keystore when it was found.
  seen.facts.replaced = !rolling_back && (!outcome || record->phase == Phase::verified) && superseded(*record);
  if (rolling_back || seen.facts.failed == ErrorKind::gateway) {
    seen.previous = keystore_to_go_back_to(*record);
  }
  if (seen.previous) {
    seen.facts.previous = rolling_back && goes_forward(*record, *seen.previous) ? Previous::newer : Previous::usable;
  }
  return seen;
}

asio::awaitable<Result<void>> Renewal::obtain(std::string holder) {
  CO_TRY_LET(const auto lock, take_lock(holder));
  CO_TRY_LET(std::optional<Entry> record, co_await run_blocking(around_.pool, [this] { return load_unfinished(); }));
  if (!record) {
    CO_TRY_LET(record, co_await ask());
  }
  if (record->phase != Phase::answered) {
    co_return Result<void>();
  }
  co_return co_await run_blocking(around_.pool, [&] {
    auto judged = begin_judging(std::move(*record)).and_then([&](const Entry& begun) {
      return read_installed(around_.filesystem, settings_.keystore)
          .and_then([&](const Installed& installed) { return judge(installed, begun); })
          .map([](const cloud::Candidate&) {});
    });
    forget_interruptions();
    return judged;
  });
}

// Somebody else's keystore is in the place of ours. The next run goes on from there.
Error Renewal::yield(Entry record, const Result<gateway::Activation>& outcome) {
  Error error{ErrorKind::busy, "somebody else has replaced the keystore meanwhile"};
  if (!outcome) {
    error = with_another(std::move(error), "before that", outcome.error());
  }
  if (auto adapted = adapt(std::move(record)); !adapted) {
    error = with_another(std::move(error), "writing the journal", adapted.error());
  }
  return error;
}

// A gateway that does not come up is told again, not only looked at.
Error Renewal::retry_later(Entry record, Error cause) {
  if (auto back = reach(record, Phase::installed); !back) {
    cause = with_another(std::move(cause), "and the journal was not written", back.error());
  }
  return cause;
}

Result<Completed> Renewal::finish(const Entry& record, gateway::Activation activation) {
  TRY_LET(const Installed installed, read_installed(around_.filesystem, settings_.keystore));
  const Certificate& renewed = installed.keystore.certificate;
  // Else only the gateway was told, of a keystore that came otherwise: that is no renewal.
  const bool asked = record.has_answer();
  // A gateway that does not run, or cannot be watched: the one that it used before is not in use any more.
  Result<void> recorded = record.in_use ? history_.record_in_use(record_of(renewed)) : history_.forget_in_use();
  // The journal goes last: whatever fails before is repeated.
  recorded =
      std::move(recorded)
          .and_then([&] {
            return history_.append(asked ? "renewed" : "activated", record, around_.clock.now(), renewed.key_type());
          })
          .and_then([&] { return answers_.discard(); })
          .and_then([&] { return journal_.clear(); });
  if (!recorded) {
    return tl::unexpected(with_context("closing the renewal", std::move(recorded.error())));
  }
  if (asked) {
    event(EventName::renewal_completed,
          fmt::format("renewed until {}; {}", format_time(renewed.not_after()), activation.message),
          certificate_fields(renewed));
  }
  return Completed{renewed, std::move(activation), asked};
}

Result<installation::JournalEntry> Renewal::reach(const Entry& record, Phase phase, Invocations invocations) {
  Entry reached = advanced(record, phase, around_.clock.now());
  if (phase != record.phase && reached.last_activation) {
    reached.last_activation->invocations = std::move(invocations);
  }
  TRY(journal_.write(reached));
  return reached;
}

void Renewal::event(EventName name, std::string_view message, const Fields& fields) const {
  around_.log.event(name, settings_.name, message, fields);
}

void Renewal::event(Level level, EventName name, std::string_view message, const Fields& fields) const {
  around_.log.event(level, name, settings_.name, message, fields);
}

}  // namespace renewd::renewal
