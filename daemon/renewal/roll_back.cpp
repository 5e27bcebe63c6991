#include "renewal/roll_back.hpp"

#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/blocking.hpp"
#include "core/text.hpp"
#include "core/try.hpp"
#include "renewal/transitions.hpp"

namespace renewd::renewal {

namespace asio = boost::asio;
using certificate::Certificate;

std::optional<InstalledKeystore> RollBack::previous(const Record& record) {
  // A roll-back that has begun, perhaps by hand, is completed even if the configuration no longer wants it.
  const bool wanted = work_.settings.gateway.rollback || record.phase == Phase::rolling_back;
  if (!wanted || !record.previous_generation) {
    return std::nullopt;
  }
  auto previous = work_.generations.read(*record.previous_generation).and_then([this](std::string bytes) {
    return work_.keystore.open(std::move(bytes));
  });
  if (!previous || previous->keystore.certificate.not_after() <= work_.clock.now()) {
    return std::nullopt;
  }
  return std::move(*previous);
}

bool RollBack::goes_forward(const Record& record, const InstalledKeystore& stored) {
  for (const auto& generation : work_.generations.list().value_or(std::vector<state::Generation>())) {
    const auto certificate = work_.certificate_in(generation);
    if (certificate && certificate->fingerprint == record.fingerprint) {
      return certificate->not_after < stored.keystore.certificate.not_after();
    }
  }
  return false;
}

// The installed bytes, if the previous keystore may replace them: the renewed keystore, or the one that an operator
// gave up. Error busy for anything else.
Result<std::string> RollBack::replaceable(const Record& record, const InstalledKeystore& previous,
                                          const std::optional<std::string>& given_up) {
  auto current = work_.keystore.read_bytes();
  if (!current || *current == previous.bytes || given_up == *current) {
    return current;
  }
  const auto opened = work_.keystore.open(*current);
  // Without a fingerprint, the keystore that was given up could not be opened.
  const bool ours =
      opened ? opened->keystore.certificate.fingerprint_sha256() == record.fingerprint : !record.fingerprint;
  if (!ours) {
    return failure(ErrorKind::busy, fmt::format("{} is not the keystore that was installed: it was replaced externally",
                                                work_.keystore.describe()));
  }
  return current;
}

// Until the gateway is seen to run with the previous keystore the journal says `rolling_back`, so that the next run
// repeats it.
asio::awaitable<GatewayStep> RollBack::put_back(Record record, InstalledKeystore previous,
                                                std::optional<std::string> given_up) {
  auto reached = work_.reach(record, Phase::rolling_back);
  if (!reached) {
    co_return GatewayStep{std::move(record), tl::unexpected(std::move(reached.error()))};
  }
  record = std::move(*reached);
  work_.on_expected(previous.keystore.certificate);
  auto replaced = co_await run_blocking(work_.pool, [&] {
    return replaceable(record, previous, given_up).and_then([&](const std::string& bytes) {
      return work_.keystore.replace(bytes, previous.bytes);
    });
  });
  if (!replaced) {
    co_return GatewayStep{std::move(record), tl::unexpected(std::move(replaced.error()))};
  }
  const Certificate certificate = previous.keystore.certificate;
  work_.on_installed(record, certificate);
  const bool forward = goes_forward(record, previous);
  GatewayStep step = co_await steps_.activate_and_verify(std::move(record), forward ? "newer" : "old", certificate);
  if (step.outcome) {
    // Of a roll-back, the history has the certificate that was given up.
    Record ended = step.record;
    ended.fingerprint = forward ? certificate.fingerprint_sha256() : ended.fingerprint;
    (void)work_.history.append(forward ? "activated" : "rolled_back", ended, work_.clock.now());
  }
  co_return step;
}

asio::awaitable<Error> RollBack::run(Record record, InstalledKeystore previous, Error cause) {
  const Certificate certificate = previous.keystore.certificate;
  Fields fields = certificate_fields(certificate);
  const std::string until = format_time(certificate.not_after());
  GatewayStep step = co_await put_back(std::move(record), std::move(previous), std::nullopt);
  if (!step.outcome) {
    Error& another = step.outcome.error();
    if (another.kind == ErrorKind::cancelled) {
      co_return std::move(another);
    }
    const bool is_back = another.kind == ErrorKind::gateway;
    cause = with_another(std::move(cause),
                         is_back ? "the previous keystore is restored, but the gateway was not seen running with it "
                                   "either"
                                 : "the roll-back did not finish",
                         another);
    if (is_back) {
      work_.event(Level::error, EventName::renewal_rolled_back, cause.message, fields);
    }
    co_return cause;
  }
  record = std::move(step.record);
  ++record.rolled_back;
  record.last_activation.reset();
  if (auto closed = close(record, fields); !closed) {
    cause = with_another(std::move(cause), "closing the roll-back", closed.error());
  }
  work_.event(EventName::renewal_rolled_back,
              fmt::format("restored the previous keystore (valid until {}) after attempt {} of {} with this answer: {}",
                          until, record.rolled_back, kRollbacksPerAnswer, cause.message),
              fields);
  // Commands show the error alone.
  cause.message += fmt::format("; the previous keystore is restored (valid until {}){}", until,
                               step.outcome->use == gateway::Use::in_use ? ", and the gateway runs with it" : "");
  co_return cause;
}

// The answer is tried again later; after the last attempt it is moved aside, and the next renewal requests another.
Result<void> RollBack::close(const Record& record, Fields& fields) {
  TRY_LET(const Record answered, work_.reach(record, Phase::answered));
  if (answered.rolled_back < kRollbacksPerAnswer) {
    return {};
  }
  TRY_LET(const auto aside, work_.answers.set_aside(work_.clock.now()));
  fields.emplace_back("answer", aside.string());
  return work_.journal.clear();
}

asio::awaitable<Result<Completed>> RollBack::restore_chosen(Record record, InstalledKeystore chosen,
                                                            std::optional<std::string> given_up) {
  const Certificate certificate = chosen.keystore.certificate;
  const bool forward = goes_forward(record, chosen);
  GatewayStep step = co_await put_back(std::move(record), std::move(chosen), std::move(given_up));
  if (!step.outcome) {
    co_return tl::unexpected(std::move(step.outcome.error()));
  }
  CO_TRY(work_.journal.clear());
  Fields fields = certificate_fields(certificate);
  if (forward) {
    fields.emplace_back("path", work_.keystore.describe());
  }
  work_.event(
      forward ? EventName::keystore_installed : EventName::renewal_rolled_back,
      fmt::format("installed generation {} (valid until {}) by hand; {}", step.record.previous_generation.value_or(0),
                  format_time(certificate.not_after()), step.outcome->message),
      fields);
  co_return Completed{certificate, std::move(*step.outcome)};
}

}  // namespace renewd::renewal
