// Which certificates of this host belong to a fleet, and by which account.
#pragma once

#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "configuration/settings.hpp"
#include "core/error.hpp"
#include "fleet/sealed.hpp"

namespace renewd::commands {

// Shown to the other hosts; `takes_part`: and requests, follows, restarts in turn.
bool is_member(const configuration::Settings& settings, const configuration::CertificateSettings& certificate);
bool takes_part(const configuration::Settings& settings, const configuration::CertificateSettings& certificate);

struct FleetAccounts {
  std::string name;  // of the first certificate of the account
  std::string account;
};

// The accounts of the named certificate, or of all members. Nothing, and why on `errors`: no fleet is configured, the
// name is unknown, or its certificate has no account.
std::optional<std::vector<FleetAccounts>> accounts_of(const configuration::Settings& settings, std::string_view command,
                                                      const std::string& name, std::ostream& errors);
// The same for a command that changes something: exactly one account.
std::optional<FleetAccounts> account_of(const configuration::Settings& settings, std::string_view command,
                                        const std::string& name, std::ostream& errors);

// `key`, then `second_key`. Error kind: client_error, or that of read_secret().
Result<std::vector<fleet::FleetKey>> read_fleet_keys(const configuration::EtcdSettings& settings);

}  // namespace renewd::commands
