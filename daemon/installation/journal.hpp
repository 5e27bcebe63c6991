// How far the renewal under way has come, so that a crash at any moment is followed by the right next step
// (docs/state-format.md). Each phase is on the disk before the next step begins.
#pragma once

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

struct JournalEntry {
  Phase phase = Phase::requested;
  // When each phase was reached, in seconds since the epoch.
  std::map<Phase, std::int64_t> reached;
  // The SHA-256 fingerprint of the new certificate, from `accepted` on.
  std::string fingerprint;
  // The generation that holds the keystore from before, from `accepted` on; 0 before.
  int previous_generation = 0;
  // The gateway has started with the new keystore (or with the old one, after going back), from `activated` on.
  bool in_use = false;
  // How things were before the gateway was told of the new keystore, from `installed` on: the units that ran, and must
  // run again whatever an activation that failed has left of them, and when the last activation began (microseconds
  // since the epoch; 0: it has not).
  std::vector<std::string> running;
  std::int64_t activation_began = 0;
  // While the gateway is being told: which run each of its units was in before (gateway::Units). In `activated`: the
  // run that is being verified. Else empty, as for a gateway that is no unit.
  std::map<std::string, std::string> invocations;
  // Where the gateway's log ended then; text that only the gateway understands.
  std::string log_position;
  // How often this phase was begun and came to no end: by a crash, or by a stop of the daemon after it had told the
  // gateway, or that the gateway's run did not survive (in `answered` the first time counts, too); and how often this
  // answer was rolled back.
  int resumed = 0;
  int rolled_back = 0;

  bool operator==(const JournalEntry&) const = default;
};

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
