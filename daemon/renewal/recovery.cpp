// Finding a renewal's place again after a crash, or after somebody else has replaced the keystore.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/text.hpp"
#include "core/try.hpp"
#include "installation/lock.hpp"
#include "renewal/renewal.hpp"

namespace renewd::renewal {

namespace asio = boost::asio;
using certificate::Certificate;

Result<std::optional<Renewal::Entry>> Renewal::unfinished() {
  if (!around_.filesystem.exists(paths_.directory)) {
    return std::nullopt;
  }
  TRY_LET(const auto lock, installation::Lock::acquire(around_.filesystem, paths_.lock(), "looking"));
  return load_unfinished();
}

std::optional<std::chrono::sys_seconds> Renewal::in_use_until(const Entry& unfinished) const {
  if (!unfinished.is_at_gateway()) {
    return std::nullopt;
  }
  if (const auto in_use = history_.in_use()) {
    return in_use->not_after;
  }
  const auto replaced = installation::certificate_of(generations_, unfinished.previous_generation);
  return replaced ? std::optional(replaced->not_after) : std::nullopt;
}

// The journal may be lost, or older than the keystore: damaged, or as a power cut leaves it on a file system that
// cannot sync directories. What is installed is then this renewal's where it follows the newest generation, which is
// kept right before a replacement, and no renewal has ended with it yet.
installation::JournalEntry Renewal::with_replacement(Entry record) const {
  const auto installed = read_installed(around_.filesystem, settings_.keystore);
  const auto kept = generations_.list().value_or(std::vector<installation::Generation>());
  if (!installed || kept.empty()) {
    return record;
  }
  const Certificate& certificate = installed->keystore.certificate;
  const std::string fingerprint = certificate.fingerprint_sha256();
  const auto in_use = history_.in_use();
  const auto ended = history_.list();
  const auto replaced = record_of_generation(kept.back());
  const bool is_ours = replaced && replaced->not_after < certificate.not_after() &&
                       (!in_use || in_use->fingerprint != fingerprint) &&
                       std::ranges::none_of(ended, [&](const auto& past) { return past.fingerprint == fingerprint; });
  if (is_ours) {
    record.fingerprint = fingerprint;
    record.previous_generation = kept.back().number;
  }
  return record;
}

// What the index says of it, or the keystore itself.
std::optional<installation::CertificateRecord> Renewal::record_of_generation(
    const installation::Generation& generation) const {
  if (generation.certificate) {
    return generation.certificate;
  }
  const auto opened = generations_.read(generation.number).and_then([this](std::string bytes) {
    return open_installed(std::move(bytes), settings_.keystore);
  });
  return opened ? std::optional(record_of(opened->keystore.certificate)) : std::nullopt;
}

// What the journal says, where it is still true.
Result<std::optional<Renewal::Entry>> Renewal::load_unfinished() {
  TRY_LET(auto contents, journal_.read(around_.clock.now()));
  if (contents.damaged) {
    event(Level::warning, EventName::renewal_resumed,
          fmt::format("the journal is damaged and was moved to {}: going on with a stored answer if there is one, else "
                      "from the beginning",
                      contents.damaged->string()),
          {{"phase", std::string("unknown")}, {"resumed", std::int64_t{0}}});
  }
  auto answer = answers_.load();
  if (!answer) {
    return tl::unexpected(with_context("reading the stored answer", std::move(answer.error())));
  }
  std::optional<Entry> record = std::move(contents.entry);
  // An answer is there from the moment it was stored until it is in use: it is worth more than what the journal says.
  if (*answer && (!record || record->phase == Phase::requested)) {
    record = advanced(record.value_or(Entry{}), Phase::answered, around_.clock.now());
  }
  if (*answer && record->phase == Phase::answered && !record->fingerprint) {
    record = with_replacement(std::move(*record));
  }
  switch (start_of(record, answer->has_value(), record && superseded(*record))) {
    case Start::resume:
      return record;
    case Start::adapt:
      return adapt(std::move(*record));
    case Start::give_up_answer: {
      TRY_LET(const auto aside, answers_.set_aside(around_.clock.now()));
      break;
    }
    case Start::afresh:
      break;
  }
  if (record) {
    TRY(journal_.clear());
  }
  return std::nullopt;
}

// Whether somebody else has put another keystore in the place of ours. Theirs stays.
bool Renewal::superseded(const Entry& entry) const {
  if (!entry.is_at_gateway()) {
    return false;  // the gate will judge
  }
  const auto installed = read_installed(around_.filesystem, settings_.keystore);
  if (!installed) {
    return false;
  }
  if (installed->keystore.certificate.fingerprint_sha256() == entry.fingerprint) {
    return false;
  }
  if (entry.phase == Phase::rolling_back && entry.previous_generation) {
    const auto old = generations_.read(*entry.previous_generation);
    if (old && *old == installed->bytes) {
      return false;
    }
  }
  event(EventName::certificate_changed_on_disk, "somebody else has replaced the keystore: the renewal is judged anew",
        certificate_fields(installed->keystore.certificate));
  return true;
}

// The renewal is judged anew against the keystore that somebody else has put in the place of ours.
Result<std::optional<Renewal::Entry>> Renewal::adapt(Entry entry) {
  TRY_LET(auto answer, answers_.load());
  if (!answer) {
    return leave_to_others(entry);
  }
  entry.fingerprint.reset();
  entry.previous_generation.reset();
  entry.in_use = false;
  return reach(entry, Phase::answered);
}

// The renewal is over, and the keystore that is there stays. A gateway that was told of ours is told of theirs: ours
// may have brought it down.
Result<std::optional<Renewal::Entry>> Renewal::leave_to_others(const Entry& entry) {
  const auto installed = read_installed(around_.filesystem, settings_.keystore);
  if (!entry.last_activation || !installed) {
    TRY(journal_.clear());
    return std::nullopt;
  }
  Entry theirs{.phase = Phase::installed,
               .fingerprint = installed->keystore.certificate.fingerprint_sha256(),
               .last_activation = entry.last_activation};
  theirs.forget_invocations();
  return reach(theirs, Phase::installed);
}

// An answer may be made to bring down whoever judges it, or to keep him busy until he is killed. Once may be a power
// cut; after that it is not judged again.
Result<Renewal::Entry> Renewal::begin_judging(Entry entry) {
  if (entry.phase != Phase::answered) {
    return entry;
  }
  if (entry.resumed >= kJudgingsPerAnswer) {
    const Error error =
        rejection(RejectionReason::untrusted,
                  fmt::format("judging the answer was interrupted {} times: it is not tried again", entry.resumed))
            .value();
    return tl::unexpected(refuse(entry, error));
  }
  ++entry.resumed;
  TRY(journal_.write(entry));
  return entry;
}

bool Renewal::is_at_gateway() const {
  const auto left = journal_.peek();
  return left && left->is_at_gateway();
}

// For an orderly end, unlike a crash. Best effort: what failed otherwise matters more.
void Renewal::forget_interruptions(int but) {
  if (auto left = journal_.peek(); left && left->resumed > but) {
    left->resumed = but;
    (void)journal_.write(*left);
  }
}

asio::awaitable<std::optional<Renewal::Invocations>> Renewal::other_runs(Entry record) {
  if (record.phase != Phase::activated || !record.has_invocations()) {
    co_return std::nullopt;
  }
  auto units = co_await around_.gateway.units();
  if (!units || units->invocations == record.last_activation->invocations) {
    co_return std::nullopt;
  }
  co_return std::move(units->invocations);
}

}  // namespace renewd::renewal
