// What a renewal does when it does not go straight through: finding its place again after a crash, making the gateway
// use the keystore, and going back to the old one.
#include <utility>

#include <fmt/format.h>

#include "core/cancellation.hpp"
#include "core/text.hpp"
#include "installation/installer.hpp"
#include "installation/lock.hpp"
#include "renewal/renewal.hpp"

namespace renewd::renewal {

namespace asio = boost::asio;
using certificate::Certificate;

namespace {

gateway::Before before(const installation::JournalEntry& entry) {
  const std::chrono::microseconds began(entry.activation_began);
  return {entry.running, TimePoint(std::chrono::duration_cast<TimePoint::duration>(began))};
}

}  // namespace

Result<std::optional<Renewal::Entry>> Renewal::unfinished() {
  if (!around_.filesystem.exists(paths_.directory)) {
    return std::nullopt;
  }
  auto lock = installation::Lock::acquire(paths_.lock(), "looking");
  if (!lock) {
    return tl::unexpected(std::move(lock.error()));
  }
  return recall();
}

// What the journal says, where it is still true.
Result<std::optional<Renewal::Entry>> Renewal::recall() {
  auto contents = journal_.read(around_.clock.now());
  if (!contents) {
    return tl::unexpected(std::move(contents.error()));
  }
  if (contents->damaged) {
    event(Level::warning, EventName::renewal_resumed,
          fmt::format("the journal is damaged and was moved to {}", contents->damaged->string()),
          {{"phase", std::string("unknown")}, {"resumed", std::int64_t{0}}});
  }
  auto answer = answers_.load();
  if (!answer) {
    return tl::unexpected(with_context("reading the stored answer", std::move(answer.error())));
  }
  std::optional<Entry> entry = std::move(contents->entry);
  // An answer is there from the moment it was stored until it is in use: it is worth more than what the journal says.
  if (*answer && (!entry || entry->phase == Phase::requested)) {
    if (!entry) {
      entry.emplace();
    }
    entry->phase = Phase::answered;
  }
  if (!entry) {
    return std::nullopt;
  }
  if (superseded(*entry)) {
    if (auto abandoned = abandon(); !abandoned) {
      return tl::unexpected(std::move(abandoned.error()));
    }
    return std::nullopt;
  }
  const bool given_up = entry->phase == Phase::answered && entry->rolled_back >= kRollbacksPerAnswer;
  if (*answer && given_up) {
    if (auto aside = answers_.set_aside(around_.clock.now()); !aside) {
      return tl::unexpected(std::move(aside.error()));
    }
    answer->reset();
  }
  const bool needs_answer = entry->phase == Phase::answered || entry->phase == Phase::accepted;
  if (entry->phase == Phase::requested || (needs_answer && !*answer)) {
    if (auto cleared = journal_.clear(); !cleared) {
      return tl::unexpected(std::move(cleared.error()));
    }
    return std::nullopt;
  }
  return entry;
}

// Whether somebody else has put another keystore in the place of ours. Theirs stays.
bool Renewal::superseded(const Entry& entry) const {
  if (entry.phase < Phase::installed) {
    return false;  // the gate will judge
  }
  const auto installed = read_installed(around_.filesystem, settings_.keystore);
  if (!installed) {
    return false;
  }
  if (installed->keystore.certificate.fingerprint_sha256() == entry.fingerprint) {
    return false;
  }
  const auto old = generations_.read(entry.previous_generation);
  if (entry.phase == Phase::rolling_back && old && *old == installed->bytes) {
    return false;
  }
  event(EventName::certificate_changed_on_disk, "somebody else has replaced the keystore: the renewal is over",
        certificate_fields(installed->keystore.certificate));
  return true;
}

// The answer goes aside: it was for another keystore than the one in place.
Result<void> Renewal::abandon() {
  auto answer = answers_.load();
  if (!answer) {
    return tl::unexpected(std::move(answer.error()));
  }
  if (*answer) {
    if (auto aside = answers_.set_aside(around_.clock.now()); !aside) {
      return tl::unexpected(std::move(aside.error()));
    }
  }
  return journal_.clear();
}

// Makes the gateway use what is installed, and shows that it does.
asio::awaitable<Result<gateway::Activation>> Renewal::use(Entry& entry) {
  gateway::Activation activation{entry.in_use ? gateway::Use::in_use : gateway::Use::not_confirmed,
                                 "the gateway was told before"};
  if (entry.phase < Phase::activated) {
    auto activated = co_await activate(entry, "new");
    if (!activated) {
      co_return tl::unexpected(std::move(activated.error()));
    }
    activation = std::move(*activated);
    entry.in_use = activation.use == gateway::Use::in_use;
    // Where nothing runs there is nothing to verify.
    const bool runs = activation.use != gateway::Use::not_running;
    if (auto written = reach(entry, runs ? Phase::activated : Phase::verified); !written) {
      co_return tl::unexpected(std::move(written.error()));
    }
  }
  if (entry.phase < Phase::verified) {
    if (activation.use == gateway::Use::in_use || around_.gateway.has_probes()) {
      auto verified = co_await verify(before(entry), "new");
      if (!verified) {
        co_return tl::unexpected(std::move(verified.error()));
      }
    }
    if (auto written = reach(entry, Phase::verified); !written) {
      co_return tl::unexpected(std::move(written.error()));
    }
  }
  co_return activation;
}

asio::awaitable<Result<gateway::Before>> Renewal::before_activation(Entry& entry) {
  Entry next = entry;
  if (next.activation_began == 0) {
    auto running = co_await around_.gateway.running();
    if (!running) {
      co_return tl::unexpected(std::move(running.error()));
    }
    next.running = std::move(*running);
  }
  next.activation_began =
      std::chrono::duration_cast<std::chrono::microseconds>(around_.clock.now().time_since_epoch()).count();
  if (auto written = journal_.write(next); !written) {
    co_return tl::unexpected(std::move(written.error()));
  }
  entry = std::move(next);
  co_return before(entry);
}

asio::awaitable<Result<gateway::Activation>> Renewal::activate(Entry& entry, std::string keystore) {
  const bool stopping = co_await stop_requested();
  if (stopping) {
    co_return failure(ErrorKind::cancelled, "told to stop before the gateway was activated");
  }
  auto before = co_await before_activation(entry);
  Result<gateway::Activation> activation;
  if (before) {
    activation = co_await around_.gateway.activate(std::move(*before));
  } else {
    activation = tl::unexpected(std::move(before.error()));
  }
  if (!activation) {
    if (activation.error().kind == ErrorKind::gateway) {
      event(EventName::gateway_activation_failed, activation.error().message, {{"keystore", keystore}});
    }
    co_return tl::unexpected(
        with_context(fmt::format("activating the {} keystore", keystore), std::move(activation.error())));
  }
  event(EventName::gateway_activated, activation->message,
        {{"action", around_.gateway.description()}, {"keystore", keystore}});
  co_return std::move(*activation);
}

asio::awaitable<Result<void>> Renewal::verify(gateway::Before before, std::string keystore) {
  const bool stopping = co_await stop_requested();
  if (stopping) {
    co_return failure(ErrorKind::cancelled, "told to stop before the gateway was verified");
  }
  auto verified = co_await around_.gateway.verify(std::move(before));
  if (!verified) {
    if (verified.error().kind != ErrorKind::cancelled) {
      event(EventName::gateway_verification_failed, verified.error().message, {{"keystore", keystore}});
    }
    co_return tl::unexpected(
        with_context(fmt::format("verifying the gateway with the {} keystore", keystore), std::move(verified.error())));
  }
  event(EventName::gateway_verified, *verified, {{"keystore", keystore}});
  co_return Result<void>();
}

// The keystore from before, where going back to it is wanted and does any good: an expired one does none.
std::optional<Installed> Renewal::keystore_to_go_back_to(const Entry& entry) const {
  if (!settings_.gateway.rollback || entry.previous_generation == 0) {
    return std::nullopt;
  }
  auto bytes = generations_.read(entry.previous_generation);
  if (!bytes) {
    return std::nullopt;
  }
  auto old = open_installed(std::move(*bytes), settings_.keystore);
  if (!old || old->keystore.certificate.not_after() <= around_.clock.now()) {
    return std::nullopt;
  }
  return std::move(*old);
}

// Puts the old keystore back and makes the gateway use it; until that is shown, the journal stays at `rolling_back`,
// and the next run repeats it. The answer stays for another try. Returns why.
asio::awaitable<Error> Renewal::roll_back(Entry& entry, Installed old, Error cause) {
  if (auto written = reach(entry, Phase::rolling_back); !written) {
    co_return with_another(std::move(cause), "and it was not rolled back", written.error());
  }
  auto current = around_.filesystem.read(settings_.keystore.path, installation::kKeystoreLimit);
  auto replaced = std::move(current).and_then([&](const std::string& bytes) {
    return installation::replace(around_.filesystem, settings_.keystore.path, bytes, old.bytes);
  });
  if (!replaced) {
    co_return with_another(std::move(cause), "and it was not rolled back", replaced.error());
  }
  auto activated = co_await activate(entry, "old");
  Result<void> well;
  if (!activated) {
    well = tl::unexpected(std::move(activated.error()));
  } else if (activated->use == gateway::Use::in_use) {
    well = co_await verify(before(entry), "old");
  }
  if (!well && well.error().kind == ErrorKind::cancelled) {
    co_return std::move(well.error());
  }
  const Certificate& certificate = old.keystore.certificate;
  if (!well) {
    cause = with_another(std::move(cause), "the old keystore is back, but the gateway does not run with it either",
                         well.error());
    event(Level::error, EventName::renewal_rolled_back, cause.message, certificate_fields(certificate));
    co_return cause;
  }
  ++entry.rolled_back;
  (void)history_.record_in_use({certificate.serial(), certificate.fingerprint_sha256(), certificate.not_after()});
  (void)history_.append("rolled_back", entry, around_.clock.now());
  entry.running.clear();
  entry.activation_began = 0;
  Result<void> closed = reach(entry, Phase::answered);
  Fields fields = certificate_fields(certificate);
  if (closed && entry.rolled_back >= kRollbacksPerAnswer) {
    closed = give_up_answer(fields);
  }
  if (!closed) {
    cause = with_another(std::move(cause), "closing the roll-back", closed.error());
  }
  event(EventName::renewal_rolled_back,
        fmt::format("the old keystore (valid until {}) is back after try {} of {} with this answer: {}",
                    format_time(certificate.not_after()), entry.rolled_back, kRollbacksPerAnswer, cause.message),
        std::move(fields));
  co_return cause;
}

// The gateway does not come up with this answer: it goes aside, and the cloud will be asked anew.
Result<void> Renewal::give_up_answer(Fields& fields) {
  auto aside = answers_.set_aside(around_.clock.now());
  if (!aside) {
    return tl::unexpected(std::move(aside.error()));
  }
  fields.emplace_back("answer", aside->string());
  return journal_.clear();
}

}  // namespace renewd::renewal
