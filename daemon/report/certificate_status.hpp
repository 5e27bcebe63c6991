// The status of a certificate: what is installed, what the gateway uses, what has happened, and what comes next and
// why. Read from the disk without changing anything, so that commands can show it with or without a running daemon.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "certificate/certificate.hpp"
#include "configuration/settings.hpp"
#include "core/clock.hpp"
#include "core/error.hpp"
#include "core/filesystem.hpp"
#include "gateway/gateway_state.hpp"
#include "keystore/store.hpp"
#include "renewal/schedule.hpp"
#include "state/certificate_record.hpp"
#include "state/fleet_status.hpp"
#include "state/generations.hpp"
#include "state/history.hpp"
#include "state/journal.hpp"
#include "state/observation.hpp"
#include "state/retry_state.hpp"

namespace renewd::report {

using state::FleetStatus;

// What follows from an installed certificate.
struct Outlook {
  certificate::Certificate certificate;
  std::chrono::sys_seconds window_opens = {};
  std::chrono::seconds splay = {};  // this host's
  renewal::Step step = {renewal::Act::wait, {}, renewal::Reason::not_due, {}};
  TimePoint next_look = {};  // at the latest
  // Since when the next step is due, and from when on it is overdue; nothing while it is planned for later.
  std::optional<TimePoint> due_since = std::nullopt;
  std::optional<TimePoint> overdue_at = std::nullopt;
  // The maintenance window in which it is planned: "Sat 02:14 Europe/Paris".
  std::optional<std::string> maintenance_window = std::nullopt;

  // Whether the clock cannot be trusted, nor what was computed with it: see renewal::wait_for_clock().
  bool clock_is_doubtful() const { return step.reason == renewal::Reason::not_yet_valid; }
};

struct CertificateStatus {
  std::string name;
  std::filesystem::path keystore;
  configuration::RenewMode renew = configuration::RenewMode::automatic;
  TimePoint looked_at;
  // An error (of kind disk) for a keystore that cannot be read.
  Result<Outlook> outlook;
  // What the gateway last started with, if it is known.
  std::optional<state::CertificateRecord> in_use = std::nullopt;
  // If `in_use` is not known: the certificate that the renewal under way replaced, and that the gateway still uses as
  // far as is known.
  std::optional<state::CertificateRecord> replaced = std::nullopt;
  // The renewal under way.
  std::optional<state::JournalEntry> unfinished = std::nullopt;
  state::RetryState attempts = {};
  std::vector<TimePoint> requests = {};  // to the cloud, within the last day
  bool answer_is_stored = false;
  std::vector<state::PastRenewal> history = {};  // oldest first
  // A stored keystore that is valid for longer than the installed one.
  std::optional<state::Generation> longer_lasting = std::nullopt;
  // Why a renewal would fail because of the account token, as far as the reader can see.
  std::optional<Problem> token_problem = std::nullopt;
  // When the account token expires, if that is known.
  std::optional<std::chrono::sys_seconds> token_not_after = std::nullopt;
  // Why a renewed keystore could not be installed, for example because an upgrade of the gateway's package gave the
  // directory back to the gateway's user.
  std::optional<Problem> replacement_problem = std::nullopt;
  // Why the state cannot be written: the disk is full, or read-only.
  std::optional<Problem> state_problem = std::nullopt;
  // Of gateway::Examination: whether the gateway runs; nothing if that is not known.
  std::optional<gateway::GatewayState> gateway = std::nullopt;
  // Why that cannot be found out.
  std::optional<Problem> health_check_problem = std::nullopt;
  // Why http.ca_file cannot be used.
  std::optional<Problem> ca_file_problem = std::nullopt;
  // The configuration in effect is not the one that the file has.
  std::optional<Problem> configuration_problem = std::nullopt;
  // Why the gateway could not be activated after a renewal: a unit is missing, or may not be restarted.
  std::optional<Problem> activation_problem = std::nullopt;

  // Nothing without a fleet, or before etcd was asked.
  std::optional<FleetStatus> fleet = std::nullopt;
  // Failed calls to etcd since the start of the daemon, by reason; the same for all certificates of a process.
  std::map<std::string, std::uint64_t> fleet_failures = {};

  // What is meant to renew it, and why that does not happen; the running daemon has no such problem.
  configuration::RunBy run_by = configuration::RunBy::daemon;
  std::optional<std::string> run_problem = std::nullopt;

  // When the installed certificate expires or, if it cannot be read, the one that was last read or in use.
  std::optional<std::chrono::sys_seconds> known_not_after() const;
  // A renewed keystore is installed, or a roll-back is under way, and the gateway has not been seen to use it.
  bool activation_pending() const { return renewal::stage_of(unfinished, false) == renewal::Unfinished::installed; }
  // A renewal is due, or one is unfinished.
  bool renewal_is_due() const;
  // Whether the gateway was last seen to use the installed certificate.
  bool installed_is_in_use() const;
  // The newest successful renewal; null without one.
  const state::PastRenewal* last_success() const;
};

// The daemon can read all secrets; a command perhaps not.
enum class Reader { daemon, command };

// Everything except the plan: `outlook` has only the certificate. Blocks.
CertificateStatus read_status(Filesystem& filesystem, const keystore::Store& store,
                              const Result<keystore::InstalledKeystore>& installed,
                              const configuration::CertificateSettings& certificate,
                              const std::filesystem::path& state_directory, TimePoint now, Reader reader);

// Why http.ca_file cannot be used. Blocks.
std::optional<Problem> ca_file_problem(const Filesystem& filesystem, const configuration::HttpSettings& http);
// Whether the configuration in effect is another one than the file has, by the times when they were modified. Nothing
// if one is not known.
std::optional<Problem> configuration_problem(std::optional<TimePoint> file, std::optional<TimePoint> in_effect);

// The rest of `outlook`: what comes next, and when. Reads nothing from the disk.
void plan(CertificateStatus& standing, const configuration::CertificateSettings& certificate,
          const configuration::ScheduleSettings& schedule, std::chrono::seconds splay, TimePoint now);

// Adds what is found at the gateway. If it is up, and started after the installed keystore was put in place, that is
// the one in use: returns true if this is news, and the record of what is in use must follow.
bool add_examination(CertificateStatus& standing, const keystore::Store& store, gateway::Examination found);

// What a running daemon stores of its status, for commands that may see more than it does.
state::Observation observation_of(const CertificateStatus& standing,
                                  const configuration::CertificateSettings& certificate);
// The problems that the running daemon has found, in addition to those that the command sees itself.
void add_observation(CertificateStatus& standing, const configuration::CertificateSettings& certificate,
                     const state::Observation& seen);

// Both, for a command. Opening the keystore derives a key, which takes a processor up to a second.
CertificateStatus look_at(Filesystem& filesystem, keystore::Store& store,
                          const configuration::CertificateSettings& certificate,
                          const configuration::ScheduleSettings& schedule, const std::filesystem::path& state_directory,
                          TimePoint now);

}  // namespace renewd::report
