// Standings in various states at one fixed time, made without a disk.
#pragma once

#include <string>
#include <vector>

#include "minted.hpp"
#include "report/certificate_status.hpp"

namespace renewd::testing {

// 2026-11-24T06:00:00Z
inline constexpr std::chrono::sys_seconds kNow{std::chrono::seconds(1'795'500'000)};

struct Situation {
  std::string name = "production";
  std::chrono::seconds left = std::chrono::days(312);
  std::chrono::seconds life = std::chrono::days(365);
  configuration::RenewMode renew = configuration::RenewMode::automatic;
  configuration::RenewBefore renew_before = std::chrono::days(30);
  std::vector<configuration::MaintenanceWindow> renew_windows = {};
  std::vector<configuration::MaintenanceWindow> activate_windows = {};
  std::chrono::seconds override_windows_before = std::chrono::days(7);
  std::optional<state::JournalEntry> unfinished = std::nullopt;
  state::RetryState attempts = {};
  bool in_use = true;  // the gateway uses the installed certificate
};

Minted minted_for(const Situation& situation);
report::CertificateStatus standing_in(const Situation& situation);
report::CertificateStatus unreadable(const std::string& name);
// A certificate in use other than the installed one, which expires after `left`.
state::CertificateRecord another_in_use(std::chrono::seconds left);
state::JournalEntry journal_at(state::Phase phase);
state::RetryState failed(unsigned times, const std::string& error_class, const std::string& message);

}  // namespace renewd::testing
