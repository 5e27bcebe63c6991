// How far the renewal under way has come, so that a crash at any moment is followed by the right next step
// (docs/state-format.md). Each phase is on the disk before the next step begins.
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
#include "installation/state.hpp"

namespace renewd::installation {

// What has been done. `requested` says that the cloud may have been asked, `accepted` that the keystore may have been
// replaced: a phase is written before its successor's step begins. `rolling_back` says that the old keystore may be
// back; when it is, the journal returns to `answered`.
enum class Phase { requested, answered, accepted, installed, activated, verified, rolling_back };
std::string_view to_string(Phase phase);

// One phase is not less than another: `rolling_back` comes last and has less to show than `verified`. What matters of
// a phase has a name below.
bool operator<(Phase, Phase) = delete;
bool operator<=(Phase, Phase) = delete;
bool operator>(Phase, Phase) = delete;
bool operator>=(Phase, Phase) = delete;

// The order in which a renewal reaches its phases.
struct InOrder {
  bool operator()(Phase one, Phase other) const { return static_cast<int>(one) < static_cast<int>(other); }
};

// The gateway as it was before it was told of the keystore that is installed.
struct LastActivation {
  // When it was last told.
  std::chrono::sys_time<std::chrono::microseconds> began;
  // The units that ran when it was first told, and must run again whatever an activation that failed has left of them.
  std::vector<std::string> running;
  // While it is being told: which run each of its units was in before (gateway::Units). Empty when it is not being
  // told, or is no unit.
  std::map<std::string, std::string> invocations;
  // Where its log ended when it was last told; text that only the gateway understands.
  std::string log_position;

  bool operator==(const LastActivation&) const = default;
};

// A renewal that has not begun has none.
struct JournalEntry {
  Phase phase = Phase::requested;
  // When each phase was reached.
  std::map<Phase, std::chrono::sys_seconds, InOrder> reached;
  // The SHA-256 fingerprint of the new certificate, from `accepted` on.
  std::optional<std::string> fingerprint;
  // The generation that holds the keystore from before, from `accepted` on.
  std::optional<int> previous_generation;
  // The gateway has started with the new keystore (or with the old one, after going back), from `activated` on.
  bool in_use = false;
  // Nothing: the gateway has not been told of any keystore of this renewal, or has been seen to run since.
  std::optional<LastActivation> last_activation;
  // How often this phase was begun and came to no end: by a crash, or because the daemon was stopped while it saw to
  // the gateway (in `answered` the first time counts, too); and how often this answer was rolled back.
  int resumed = 0;
  int rolled_back = 0;

  // A stored answer is still to be installed: in `accepted`, perhaps it is.
  bool waits_for_installation() const;
  // What remains is the gateway's part: to use the new keystore, or the old one again.
  bool is_at_gateway() const;
  // The cloud was asked for it. Else only the gateway is told, of a keystore that came otherwise.
  bool has_answer() const { return reached.contains(Phase::answered); }
  std::optional<std::chrono::sys_seconds> reached_at(Phase which) const;
  // The gateway is not being told any more: the next time, whatever runs is told again.
  void forget_invocations();

  bool operator==(const JournalEntry&) const = default;
};

// The same renewal in another phase, reached at `now` if it has not been before; what came after that one is not
// reached any more.
JournalEntry advanced(JournalEntry entry, Phase phase, TimePoint now);

// Text of the file: a line with name and version, a line of JSON, a line with the CRC-32 of both.
std::string serialize(const JournalEntry& entry);
// Nothing for a text that is damaged in any way, or of another version, or whose members no daemon has written so.
// Members that are not known are passed over.
std::optional<JournalEntry> parse_journal(std::string_view text);

class Journal {
 public:
  // `filesystem` must outlive this object.
  Journal(Filesystem& filesystem, StatePaths paths) : filesystem_(filesystem), paths_(std::move(paths)) {}

  struct Contents {
    std::optional<JournalEntry> entry;  // nothing: no renewal is under way
    // Where a damaged journal was moved; it is never trusted.
    std::optional<std::filesystem::path> damaged;
  };
  Result<Contents> read(TimePoint now);
  // The same for whoever only looks: a damaged journal is nothing, and stays where it is.
  std::optional<JournalEntry> peek() const;
  // Durable when it returns. Creates the directory.
  Result<void> write(const JournalEntry& entry);
  // The renewal is over.
  Result<void> clear();

 private:
  Filesystem& filesystem_;
  StatePaths paths_;
};

}  // namespace renewd::installation
