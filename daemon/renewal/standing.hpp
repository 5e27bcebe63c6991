// Where a certificate stands: what is installed, what the gateway uses, what has happened, and what comes next and why.
// Read from the disk without touching anything, so that it can be shown while the daemon is at work, or without one.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "certificate/certificate.hpp"
#include "configuration/settings.hpp"
#include "core/clock.hpp"
#include "core/error.hpp"
#include "core/filesystem.hpp"
#include "installation/attempts.hpp"
#include "installation/certificate_record.hpp"
#include "installation/generations.hpp"
#include "installation/history.hpp"
#include "installation/journal.hpp"
#include "keystore/store.hpp"
#include "renewal/schedule.hpp"

namespace renewd::renewal {

// What follows from an installed certificate.
struct Outlook {
  certificate::Certificate certificate;
  std::chrono::sys_seconds window_opens = {};
  std::chrono::seconds splay = {};                   // this host's
  Step step = {Act::wait, {}, Reason::not_due, {}};  // as of the look
  TimePoint next_look = {};                          // at the latest

  // Whether the clock of the look is in doubt, and what was computed from it with it: see wait_for_clock().
  bool clock_is_doubtful() const { return step.reason == Reason::not_yet_valid; }
};

struct Standing {
  std::string name;
  std::filesystem::path keystore;
  configuration::RenewMode renew = configuration::RenewMode::automatic;
  TimePoint looked_at;
  // An error (of kind disk) for a keystore that cannot be read.
  Result<Outlook> outlook;
  // What the gateway last started with; nothing when it is not known.
  std::optional<installation::CertificateRecord> in_use = std::nullopt;
  // What the renewal under way has replaced: until the gateway has been seen to use another, that is what it uses.
  // Nothing when `in_use` is known.
  std::optional<installation::CertificateRecord> replaced = std::nullopt;
  // The renewal under way.
  std::optional<installation::JournalEntry> unfinished = std::nullopt;
  installation::Attempts attempts = {};
  std::vector<TimePoint> requests = {};  // to the cloud, within the last day
  bool answer_is_stored = false;
  std::vector<installation::PastRenewal> history = {};  // oldest first
  // How to get an installed keystore back that is gone, for people.
  std::optional<std::string> way_back = std::nullopt;
  // A stored keystore that lasts longer than the installed one.
  std::optional<installation::Generation> longer_lasting = std::nullopt;
  // Why a renewal would fail at the account token, whenever it comes, as far as the looker can tell.
  std::optional<std::string> token_problem = std::nullopt;
  // When the account token expires, where it says so.
  std::optional<std::chrono::sys_seconds> token_not_after = std::nullopt;
  // Why a renewed keystore could not be put in its place: an upgrade of the gateway's package gives the directory back
  // to the gateway's user, for example.
  std::optional<std::string> replacement_problem = std::nullopt;

  // A renewed keystore is installed, or the old one is being put back, and the gateway has not been seen to use it.
  bool activation_pending() const { return stage_of(unfinished, false) == Unfinished::installed; }
  // Whether the gateway was last seen to use the installed certificate.
  bool installed_is_in_use() const;
  // The newest past renewal that ended with the new certificate in use; null when there is none.
  const installation::PastRenewal* last_success() const;
};

// The daemon has all that the service has; a command, perhaps not the secrets.
enum class Looker { daemon, command };

// What the disk says beside the keystore; of `outlook` the certificate alone. Blocks.
Standing read_standing(Filesystem& filesystem, const keystore::Store& store,
                       const Result<keystore::InstalledKeystore>& installed,
                       const configuration::CertificateSettings& certificate,
                       const std::filesystem::path& state_directory, TimePoint now, Looker looker);

// The rest of `outlook`, from what is in memory: what comes next, and when.
void plan(Standing& standing, const configuration::CertificateSettings& certificate,
          const configuration::ScheduleSettings& schedule, std::chrono::seconds splay, TimePoint now);

// Both, for a command. Opening the keystore derives a key, which takes a processor up to a second.
Standing look_at(Filesystem& filesystem, keystore::Store& store, const configuration::CertificateSettings& certificate,
                 const configuration::ScheduleSettings& schedule, const std::filesystem::path& state_directory,
                 TimePoint now);

}  // namespace renewd::renewal
