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

// One phase is not less than another: `rolling_back` comes last, and nothing has been verified in it. What matters
// about a phase has a name in JournalEntry.
bool operator<(Phase, Phase) = delete;
bool operator<=(Phase, Phase) = delete;
bool operator>(Phase, Phase) = delete;
bool operator>=(Phase, Phase) = delete;

// The order in which a renewal reaches its phases.
struct InOrder {
  bool operator()(Phase one, Phase other) const { return static_cast<int>(one) < static_cast<int>(other); }
};

// The gateway as it was before it was activated with the installed keystore.
struct LastActivation {
  // When the last activation began.
  std::chrono::sys_time<std::chrono::microseconds> began;
  // The units that ran before the first one, and must run again whatever a failed activation has left of them.
  std::vector<std::string> running;
  // As long as the activation lasts: which run each of its units was in before (gateway::Units). In `activated`: the
  // run that is being verified. Empty otherwise, and where the gateway is no unit.
  std::map<std::string, std::string> invocations;
  // Where its log ended when the last activation began; text that only gateway/ understands.
  std::string log_position;

  bool operator==(const LastActivation&) const = default;
};

// The record of a renewal under way. One that has not begun has none.
struct JournalEntry {
  Phase phase = Phase::requested;
  // When each phase was reached.
  std::map<Phase, std::chrono::sys_seconds, InOrder> reached;
  // The SHA-256 fingerprint of the new certificate, from `accepted` on.
  std::optional<std::string> fingerprint;
  // The generation that holds the previous keystore, from `accepted` on.
  std::optional<int> previous_generation;
  // The gateway has started with the new keystore, from `activated` on.
  bool in_use = false;
  // Nothing: the gateway has not been activated, or it has been rolled back and runs.
  std::optional<LastActivation> last_activation;
  // How often this phase was begun and came to no end: by a crash, or by a stop of the daemon after it had done
  // something to the gateway, or that the gateway's run did not survive (in `answered` the first time counts, too); and
  // how often this answer was rolled back.
  int resumed = 0;
  int rolled_back = 0;

  // The stored answer has not been installed yet, or (in `accepted`) perhaps just so.
  bool waits_for_installation() const;
  // The keystore was replaced; what remains is to make the gateway use it, or the previous one again.
  bool is_at_gateway() const;
  // The keystore comes from the cloud. Else only the gateway is activated, with a keystore that came otherwise.
  bool has_answer() const { return reached.contains(Phase::answered); }
  std::optional<std::chrono::sys_seconds> reached_at(Phase which) const;
  // An activation was begun and is not over, or (in `activated`) its run is noted.
  bool has_invocations() const { return last_activation && !last_activation->invocations.empty(); }
  // The activation is over: the next one restarts whatever runs then.
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
