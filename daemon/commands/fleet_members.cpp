#include "commands/fleet_members.hpp"

#include <algorithm>
#include <utility>

#include <fmt/ostream.h>
#include <fmt/ranges.h>

#include "commands/configured.hpp"
#include "core/text.hpp"
#include "core/try.hpp"

namespace renewd::commands {
namespace {

using configuration::CertificateSettings;
using configuration::Settings;

Result<fleet::FleetKey> read_fleet_key(const SecretSource& source, std::string_view name) {
  TRY_LET(const auto secret, read_secret(source));
  return fleet::FleetKey::parse(secret).map_error([&](Error error) {
    return with_context(fmt::format("fleet.etcd.{} ({})", name, source.description()), std::move(error));
  });
}

}  // namespace

bool is_member(const Settings& settings, const CertificateSettings& certificate) {
  return settings.fleet.etcd && !certificate.account_id().empty();
}

bool takes_part(const Settings& settings, const CertificateSettings& certificate) {
  return is_member(settings, certificate) && certificate.renew == configuration::RenewMode::automatic;
}

std::optional<std::vector<FleetAccounts>> accounts_of(const Settings& settings, std::string_view command,
                                                      const std::string& name, std::ostream& errors) {
  if (!settings.fleet.etcd) {
    fmt::print(
        errors,
        "{}: this host belongs to no fleet: {} has no `fleet`; /usr/share/doc/gravitee-renewd/docs/fleet.md says "
        "when one is useful, and how to begin\n",
        command, printable(settings.file.string(), 500));
    return std::nullopt;
  }
  const auto selected =
      select_certificates(settings, command, name.empty() ? std::vector<std::string>() : std::vector{name}, errors);
  if (!selected) {
    return std::nullopt;
  }
  std::vector<FleetAccounts> accounts;
  for (const auto& certificate : *selected) {
    const std::string account = certificate.account_id();
    if (!account.empty() && std::ranges::find(accounts, account, &FleetAccounts::account) == accounts.end()) {
      accounts.push_back({certificate.name, account});
    }
  }
  if (accounts.empty()) {
    fmt::print(errors,
               "{}: {} no `account_url`, which says to which account it belongs: it is not a member of the fleet\n",
               command, name.empty() ? "no certificate has an account:" : printable(name) + " has");
    return std::nullopt;
  }
  return accounts;
}

std::optional<FleetAccounts> account_of(const Settings& settings, std::string_view command, const std::string& name,
                                        std::ostream& errors) {
  auto accounts = accounts_of(settings, command, name, errors);
  if (accounts && accounts->size() > 1) {
    std::vector<std::string_view> names;
    for (const auto& account : *accounts) {
      names.push_back(account.name);
    }
    fmt::print(errors, "{}: this host has certificates of several accounts; name one of them: {}\n", command,
               fmt::join(names, ", "));
    return std::nullopt;
  }
  return accounts ? std::optional(std::move(accounts->front())) : std::nullopt;
}

Result<std::vector<fleet::FleetKey>> read_fleet_keys(const configuration::EtcdSettings& settings) {
  std::vector<fleet::FleetKey> keys;
  TRY_LET(auto key, read_fleet_key(*settings.key, "key"));
  keys.push_back(std::move(key));
  if (settings.second_key) {
    TRY_LET(auto second, read_fleet_key(*settings.second_key, "second_key"));
    keys.push_back(std::move(second));
  }
  return keys;
}

}  // namespace renewd::commands
