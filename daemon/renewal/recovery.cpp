// Finding a renewal's place again after a crash, or after somebody else has replaced the keystore.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/text.hpp"
#include "installation/lock.hpp"
#include "renewal/renewal.hpp"

namespace renewd::renewal {

namespace asio = boost::asio;
using certificate::Certificate;

Result<std::optional<Renewal::Entry>> Renewal::unfinished() {
  if (!around_.filesystem.exists(paths_.directory)) {
    return std::nullopt;
  }
  auto lock = installation::Lock::acquire(around_.filesystem, paths_.lock(), "looking");
  if (!lock) {
    return tl::unexpected(std::move(lock.error()));
  }
  return recall();
}

std::optional<std::chrono::sys_seconds> Renewal::in_use_until(const Entry& unfinished) const {
  if (unfinished.phase < Phase::installed) {
    return std::nullopt;
  }
  if (const auto in_use = history_.in_use()) {
    return in_use->not_after;
  }
  for (const auto& generation : generations_.list().value_or(std::vector<installation::Generation>())) {
    if (generation.number == unfinished.previous_generation && generation.certificate) {
      return generation.certificate->not_after;
    }
  }
  return std::nullopt;
}

// The journal may be lost, or older than the keystore: damaged, or as a power cut leaves it on a file system that
// cannot sync directories. What is installed is then this renewal's where it follows the newest generation, which is
// kept right before a replacement, and no renewal has ended with it yet.
void Renewal::recall_replacement(Entry& entry) const {
  const auto installed = read_installed(around_.filesystem, settings_.keystore);
  const auto kept = generations_.list().value_or(std::vector<installation::Generation>());
  if (!installed || kept.empty()) {
    return;
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
    entry.fingerprint = fingerprint;
    entry.previous_generation = kept.back().number;
  }
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
Result<std::optional<Renewal::Entry>> Renewal::recall() {
  auto contents = journal_.read(around_.clock.now());
  if (!contents) {
    return tl::unexpected(std::move(contents.error()));
  }
  if (contents->damaged) {
    event(Level::warning, EventName::renewal_resumed,
          fmt::format("the journal is damaged and was moved to {}: going on with a stored answer if there is one, else "
                      "from the beginning",
                      contents->damaged->string()),
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
    entry->reached.try_emplace(
        Phase::answered,
        std::chrono::duration_cast<std::chrono::seconds>(around_.clock.now().time_since_epoch()).count());
  }
  if (*answer && entry->phase == Phase::answered && entry->fingerprint.empty()) {
    recall_replacement(*entry);
  }
  if (!entry) {
    return std::nullopt;
  }
  if (superseded(*entry)) {
    return adapt(std::move(*entry));
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
  event(EventName::certificate_changed_on_disk, "somebody else has replaced the keystore: the renewal is judged anew",
        certificate_fields(installed->keystore.certificate));
  return true;
}

// The renewal is judged anew against the keystore that somebody else has put in the place of ours.
Result<std::optional<Renewal::Entry>> Renewal::adapt(Entry entry) {
  auto answer = answers_.load();
  if (!answer) {
    return tl::unexpected(std::move(answer.error()));
  }
  if (!*answer) {
    return leave_to_others(entry);
  }
  entry.fingerprint.clear();
  entry.previous_generation = 0;
  entry.in_use = false;
  if (auto written = reach(entry, Phase::answered); !written) {
    return tl::unexpected(std::move(written.error()));
  }
  return entry;
}

// The renewal is over, and the keystore that is there stays. A gateway that was told of ours is told of theirs: ours
// may have brought it down.
Result<std::optional<Renewal::Entry>> Renewal::leave_to_others(const Entry& entry) {
  const auto installed = read_installed(around_.filesystem, settings_.keystore);
  if (entry.activation_began == 0 || !installed) {
    if (auto cleared = journal_.clear(); !cleared) {
      return tl::unexpected(std::move(cleared.error()));
    }
    return std::nullopt;
  }
  Entry theirs;
  theirs.fingerprint = installed->keystore.certificate.fingerprint_sha256();
  theirs.running = entry.running;
  theirs.activation_began = entry.activation_began;
  theirs.log_position = entry.log_position;
  if (auto written = reach(theirs, Phase::installed); !written) {
    return tl::unexpected(std::move(written.error()));
  }
  return theirs;
}

// An answer may be made to bring down whoever judges it, or to keep him busy until he is killed. Once may be a power
// cut; after that it is not judged again.
Result<void> Renewal::begin_judging(Entry& entry) {
  if (entry.phase != Phase::answered) {
    return {};
  }
  if (entry.resumed >= kJudgingsPerAnswer) {
    const Error error =
        rejection(RejectionReason::untrusted,
                  fmt::format("judging the answer was interrupted {} times: it is not tried again", entry.resumed))
            .value();
    return tl::unexpected(refuse(entry, error));
  }
  ++entry.resumed;
  return journal_.write(entry);
}

// For an orderly end, unlike a crash. Best effort: what failed otherwise matters more.
void Renewal::forget_interruptions(int but) {
  if (auto left = journal_.peek(); left && left->resumed > but) {
    left->resumed = but;
    (void)journal_.write(*left);
  }
}

asio::awaitable<bool> Renewal::runs_as_noted(Entry& entry) {
  if (entry.phase != Phase::activated || entry.invocations.empty()) {
    co_return true;
  }
  auto units = co_await around_.gateway.units();
  if (!units || units->invocations == entry.invocations) {
    co_return true;
  }
  entry.invocations = std::move(units->invocations);
  co_return false;
}

}  // namespace renewd::renewal
