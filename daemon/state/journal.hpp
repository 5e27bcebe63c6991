// The progress of the renewal under way, so that it is resumed correctly after a crash at any point
// (docs/state-format.md). Each phase is written before the next step begins.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "core/filesystem.hpp"
#include "state/paths.hpp"

namespace renewd::state {

// What has been done. A phase is written before the step of the next one begins: in `requested`, a certificate may have
// been requested; in `accepted`, the keystore may have been replaced; in `rolling_back`, the previous one may have been
// restored. After a roll-back the journal returns to `answered`.
enum class Phase { requested, answered, accepted, installed, activated, verified, rolling_back };
std::string_view to_string(Phase phase);

// Phases have no order: `rolling_back` comes last, although nothing has been verified in it. JournalEntry has a named
// predicate for each question.
bool operator<(Phase, Phase) = delete;
bool operator<=(Phase, Phase) = delete;
bool operator>(Phase, Phase) = delete;
bool operator>=(Phase, Phase) = delete;

// The order in which a renewal reaches its phases.
struct PhaseOrder {
  bool operator()(Phase one, Phase other) const { return static_cast<int>(one) < static_cast<int>(other); }
};

// The state of the gateway before it was activated with the installed keystore.
struct LastActivation {
  // When the last activation began.
  std::chrono::sys_time<std::chrono::microseconds> began;
  // The units that ran before the first activation. They must run again, even after a failed activation.
  std::vector<std::string> running;
  // During the activation: the run (InvocationID) of each unit before it. In `activated`: the run that is being
  // verified. Otherwise empty, and also if the gateway is not a unit.
  std::map<std::string, std::string> invocations;
  // The end of its log when the last activation began; only gateway/ interprets it.
  std::string log_position;

  bool operator==(const LastActivation&) const = default;
};

// The record of a renewal under way.
struct JournalEntry {
  Phase phase = Phase::requested;
  // When each phase was reached.
  std::map<Phase, std::chrono::sys_seconds, PhaseOrder> reached;
  // The SHA-256 fingerprint of the new certificate, from `accepted` on.
  std::optional<std::string> fingerprint;
  // The generation that holds the previous keystore, from `accepted` on.
  std::optional<int> previous_generation;
  // The gateway has started with the new keystore, from `activated` on.
  bool in_use = false;
  // Nothing before the first activation, and after a successful roll-back.
  std::optional<LastActivation> last_activation;
  // How often this phase was interrupted: by a crash, by a stop of the daemon after it had acted on the gateway, or by
  // a stop that the gateway's run did not survive. In `answered` every attempt counts. A run that resumes counts
  // itself until it ends in an orderly way; that the gateway's run did not survive stays counted.
  int resumed = 0;
  // How often this answer was rolled back.
  int rolled_back = 0;

  // The stored answer has not been installed yet; in `accepted` it may have been.
  bool waits_for_installation() const;
  // The keystore was replaced; what remains is to make the gateway use it, or the previous one.
  bool is_at_gateway() const;
  // The keystore comes from the cloud. Otherwise the gateway is activated with a keystore from elsewhere.
  bool has_answer() const { return reached.contains(Phase::answered); }
  std::optional<std::chrono::sys_seconds> reached_at(Phase which) const;
  // An activation has begun and not ended, or (in `activated`) is being verified.
  bool has_invocations() const { return last_activation && !last_activation->invocations.empty(); }
  // Ends the activation: the next one restarts the gateway.
  void forget_invocations();

  bool operator==(const JournalEntry&) const = default;
};

// The record in another phase, reached now or earlier. Later phases count as not reached.
JournalEntry advanced(JournalEntry entry, Phase phase, TimePoint now);

// One entry of the file: a line with name and version, a line of JSON, a line with the CRC-32 of both.
std::string serialize(const JournalEntry& entry);
// The last entry of the text; nothing if the text is damaged, of another version, or has an invalid member. Unknown
// members are ignored. What follows the last valid entry is ignored, too: a crash may have cut the next one short.
std::optional<JournalEntry> parse_journal(std::string_view text);

class Journal {
 public:
  // `filesystem` must outlive this object.
  Journal(Filesystem& filesystem, StatePaths paths) : filesystem_(filesystem), paths_(std::move(paths)) {}

  struct Contents {
    std::optional<JournalEntry> entry;  // nothing: no renewal is under way
    // Where a damaged journal was moved.
    std::optional<std::filesystem::path> damaged;
  };
  Result<Contents> read(TimePoint now);
  // The same without writing: a damaged journal counts as none, and stays in place.
  std::optional<JournalEntry> peek() const;
  // Adds the entry to the file, which costs one sync, or none if only the process must be survived. `requested` begins
  // a new file, and so does an entry that cannot be added: after many others, after one that a crash has cut short, or
  // because of an error. This survives a power cut in any case, and syncs the directory. Creates the directory.
  Result<void> write(const JournalEntry& entry, Durability durability = Durability::full);
  // Ends the renewal.
  Result<void> clear();

 private:
  Filesystem& filesystem_;
  StatePaths paths_;
};

}  // namespace renewd::state
