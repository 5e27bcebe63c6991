// Going back to the keystore from before: because the gateway does not come up with the new one, or by hand.
#include <utility>

#include <fmt/format.h>

#include "certificate/acceptance.hpp"
#include "core/blocking.hpp"
#include "core/text.hpp"
#include "core/try.hpp"
#include "installation/installer.hpp"
#include "renewal/renewal.hpp"

namespace renewd::renewal {

namespace asio = boost::asio;
using certificate::Certificate;

// The keystore from before, where going back to it is wanted and does any good: an expired one does none.
std::optional<Installed> Renewal::keystore_to_go_back_to(const Entry& entry) const {
  // What has been begun, perhaps by hand, is finished whatever the configuration wants now.
  const bool wanted = settings_.gateway.rollback || entry.phase == Phase::rolling_back;
  if (!wanted || !entry.previous_generation) {
    return std::nullopt;
  }
  auto bytes = generations_.read(*entry.previous_generation);
  if (!bytes) {
    return std::nullopt;
  }
  auto old = open_installed(std::move(*bytes), settings_.keystore);
  if (!old || old->keystore.certificate.not_after() <= around_.clock.now()) {
    return std::nullopt;
  }
  return std::move(*old);
}

Result<std::string> Renewal::replaceable(const Entry& entry, const Installed& old,
                                         const std::optional<std::string>& given_up) const {
  auto current = around_.filesystem.read(settings_.keystore.path, installation::kKeystoreLimit);
  if (!current || *current == old.bytes || given_up == *current) {
    return current;
  }
  const auto opened = open_installed(*current, settings_.keystore);
  // Without a fingerprint, what was given up could not be opened.
  const bool ours =
      opened ? opened->keystore.certificate.fingerprint_sha256() == entry.fingerprint : !entry.fingerprint;
  if (!ours) {
    return failure(ErrorKind::busy, fmt::format("{} is another keystore than the one that was installed: somebody else "
                                                "has replaced it",
                                                settings_.keystore.path.string()));
  }
  return current;
}

// Puts the old keystore in its place and makes the gateway use it. Until that is shown the journal says
// `rolling_back`, so that whoever finds it repeats it.
asio::awaitable<Renewal::GatewayStep> Renewal::put_back(Entry record, Installed old,
                                                        std::optional<std::string> given_up) {
  auto reached = reach(record, Phase::rolling_back);
  if (!reached) {
    co_return GatewayStep{std::move(record), tl::unexpected(std::move(reached.error()))};
  }
  record = std::move(*reached);
  auto replaced = co_await run_blocking(around_.pool, [&] {
    return replaceable(record, old, given_up).and_then([&](const std::string& bytes) {
      return installation::replace(around_.filesystem, settings_.keystore.path, bytes, old.bytes);
    });
  });
  if (!replaced) {
    co_return GatewayStep{std::move(record), tl::unexpected(std::move(replaced.error()))};
  }
  installed_(old.keystore.certificate);
  const bool forward = goes_forward(record, old);
  GatewayStep step =
      co_await activate_and_verify(std::move(record), forward ? "newer" : "old", old.keystore.certificate);
  if (step.outcome) {
    (void)history_.append(forward ? "activated" : "rolled_back", step.record, around_.clock.now());
  }
  co_return step;
}

// The gateway did not come up with the new keystore. The answer stays for another try. Returns why, and how things are.
asio::awaitable<Error> Renewal::roll_back(Entry record, Installed old, Error cause) {
  GatewayStep step = co_await put_back(std::move(record), old, std::nullopt);
  record = std::move(step.record);
  const Certificate& certificate = old.keystore.certificate;
  if (!step.outcome) {
    Error& another = step.outcome.error();
    if (another.kind == ErrorKind::cancelled) {
      co_return std::move(another);
    }
    const bool is_back = another.kind == ErrorKind::gateway;
    cause = with_another(std::move(cause),
                         is_back ? "the old keystore is back, but the gateway has not been seen to run with it either"
                                 : "and the roll-back has not come to its end",
                         another);
    if (is_back) {
      event(Level::error, EventName::renewal_rolled_back, cause.message, certificate_fields(certificate));
    }
    co_return cause;
  }
  ++record.rolled_back;
  record.last_activation.reset();
  Result<void> closed = reach(record, Phase::answered).map([](const Entry&) {});
  Fields fields = certificate_fields(certificate);
  if (closed && record.rolled_back >= kRollbacksPerAnswer) {
    closed = give_up_answer(fields);
  }
  if (!closed) {
    cause = with_another(std::move(cause), "closing the roll-back", closed.error());
  }
  event(EventName::renewal_rolled_back,
        fmt::format("the old keystore (valid until {}) is back after try {} of {} with this answer: {}",
                    format_time(certificate.not_after()), record.rolled_back, kRollbacksPerAnswer, cause.message),
        fields);
  // Who asked for the renewal reads the error alone.
  cause.message += fmt::format("; the old keystore is back (valid until {}){}", format_time(certificate.not_after()),
                               step.outcome->use == gateway::Use::in_use ? ", and the gateway runs with it" : "");
  co_return cause;
}

// The gateway does not come up with this answer: it goes aside, and the cloud will be asked anew.
Result<void> Renewal::give_up_answer(Fields& fields) {
  TRY_LET(auto aside, answers_.set_aside(around_.clock.now()));
  fields.emplace_back("answer", aside.string());
  return journal_.clear();
}

// The newest generation from before the installed keystore. Where that is a generation itself (it was gone back to
// once), an older one.
Result<int> Renewal::previous_generation(std::string_view installed) const {
  TRY_LET(auto generations, generations_.list());
  std::optional<int> before;
  for (const auto& generation : generations) {
    if (const auto bytes = generations_.read(generation.number); bytes && *bytes == installed) {
      if (!before) {
        return failure(ErrorKind::disk, fmt::format("the oldest keystore that is kept is installed (generation {}): "
                                                    "there is none to go back to",
                                                    generation.number));
      }
      return *before;
    }
    before = generation.number;
  }
  if (!before) {
    return failure(ErrorKind::disk, fmt::format("no keystore from before is kept in {}: there is none to go back to",
                                                paths_.generations().string()));
  }
  return *before;
}

// One that the operator names.
Result<int> Renewal::chosen_generation(int number) const {
  TRY_LET(auto generations, generations_.list());
  std::string kept;
  for (const auto& generation : generations) {
    if (generation.number == number) {
      return number;
    }
    kept += (kept.empty() ? "" : ", ") + installation::describe(generation);
  }
  return failure(ErrorKind::disk,
                 fmt::format("generation {} is not kept; there {}", number, kept.empty() ? "is none" : "are: " + kept));
}

Result<Installed> Renewal::may_replace(Installed chosen, const std::string& installed) const {
  if (chosen.bytes == installed) {
    return failure(ErrorKind::disk, fmt::format("it is installed already; `gravitee-renewd activate {}` makes the "
                                                "gateway use it",
                                                settings_.name));
  }
  const auto current = open_installed(installed, settings_.keystore);
  // What cannot be opened has no account to compare with: the configured one counts alone.
  const Certificate& before = current ? current->keystore.certificate : chosen.keystore.certificate;
  return certificate::accept_account(chosen.keystore.certificate, before, settings_.account_id()).map([&] {
    return std::move(chosen);
  });
}

asio::awaitable<Result<Completed>> Renewal::restore_previous(std::string holder) {
  return change_to(std::move(holder), std::nullopt);
}

asio::awaitable<Result<Completed>> Renewal::restore_generation(std::string holder, int generation) {
  return change_to(std::move(holder), generation);
}

asio::awaitable<Result<Completed>> Renewal::change_to(std::string holder, std::optional<int> generation) {
  CO_TRY_LET(const auto lock, take_lock(holder));
  auto installed = around_.filesystem.read(settings_.keystore.path, installation::kKeystoreLimit);
  if (!installed) {
    if (!around_.filesystem.exists(settings_.keystore.path)) {
      installed.error().message += "; " + installation::way_back(generations_);
    }
    co_return tl::unexpected(with_context("going back", std::move(installed.error())));
  }
  CO_TRY_LET(const auto number, generation ? chosen_generation(*generation) : previous_generation(*installed));
  auto old = generations_.read(number).and_then(
      [&](std::string bytes) { return open_installed(std::move(bytes), settings_.keystore); });
  if (old && generation) {
    old = may_replace(std::move(*old), *installed);
  }
  if (!old) {
    co_return tl::unexpected(with_context(
        fmt::format("{} generation {}", generation ? "installing" : "going back to", number), std::move(old.error())));
  }
  const Certificate certificate = old->keystore.certificate;
  if (certificate.not_after() <= around_.clock.now()) {
    co_return failure(ErrorKind::disk, fmt::format("generation {} expired at {}: going back to it would be an outage",
                                                   number, format_time(certificate.not_after())));
  }
  CO_TRY_LET(auto entry, abandon(*installed, number));
  co_return co_await restore_chosen(std::move(entry), std::move(*old), std::move(*installed));
}

// The end of change_to(), also after a crash in the middle of it.
asio::awaitable<Result<Completed>> Renewal::restore_chosen(Entry record, Installed kept,
                                                           std::optional<std::string> given_up) {
  const Certificate certificate = kept.keystore.certificate;
  const bool forward = goes_forward(record, kept);
  GatewayStep step = co_await put_back(std::move(record), std::move(kept), std::move(given_up));
  if (!step.outcome) {
    co_return tl::unexpected(std::move(step.outcome.error()));
  }
  CO_TRY(journal_.clear());
  Fields fields = certificate_fields(certificate);
  if (forward) {
    fields.emplace_back("path", settings_.keystore.path.string());
  }
  event(
      forward ? EventName::keystore_installed : EventName::renewal_rolled_back,
      fmt::format("generation {} (valid until {}) is {}, as asked for; {}", step.record.previous_generation.value_or(0),
                  format_time(certificate.not_after()), forward ? "installed" : "back", step.outcome->message),
      fields);
  co_return Completed{certificate, std::move(*step.outcome)};
}

// Whether the kept keystore lasts longer than the one that it replaces: no roll-back then, but the end of one.
bool Renewal::goes_forward(const Entry& entry, const Installed& kept) const {
  for (const auto& generation : generations_.list().value_or(std::vector<installation::Generation>())) {
    const auto record = record_of_generation(generation);
    if (record && record->fingerprint == entry.fingerprint) {
      return record->not_after < kept.keystore.certificate.not_after();
    }
  }
  return false;
}

// What is installed, and an answer that waits for its turn, are not wanted any more: kept, but out of the way.
Result<installation::JournalEntry> Renewal::abandon(const std::string& installed, int generation) {
  TRY_LET(auto answer, answers_.load());
  if (answer) {
    TRY_LET(const auto aside, answers_.set_aside(around_.clock.now()));
  }
  Entry entry{.phase = Phase::rolling_back, .previous_generation = generation};
  // What a renewal that did not come to its end has left down must run again.
  if (const auto unfinished = journal_.peek()) {
    entry.last_activation = unfinished->last_activation;
    entry.forget_invocations();
  }
  // What cannot be opened can be gone back from all the same.
  std::optional<installation::CertificateRecord> record;
  if (const auto opened = open_installed(installed, settings_.keystore)) {
    record = record_of(opened->keystore.certificate);
    entry.fingerprint = record->fingerprint;
  }
  if (!generations_.holds(installed)) {
    if (auto kept = generations_.keep(installed, record, generation); !kept) {
      return tl::unexpected(with_context("keeping the installed keystore", std::move(kept.error())));
    }
  }
  return entry;
}

}  // namespace renewd::renewal
