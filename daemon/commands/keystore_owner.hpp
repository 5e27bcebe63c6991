// Gives keystores to the service's user. The gateway only needs to read its keystore, so the file and its directory can
// belong to the service, readable by the gateway's group. Part of `init --permissions`.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "core/error.hpp"
#include "core/user.hpp"

namespace renewd::commands {

// The user in the installed unit. It is not the gateway's, so that an attacker there gets neither token nor state.
inline constexpr std::string_view kServiceUser = "gravitee-renewd";

// A keystore that does not belong to the service's user, and how its owner would change.
struct OwnershipChange {
  std::filesystem::path keystore;  // as configured
  std::filesystem::path file;      // without links
  uid_t owner = 0;
  std::string owner_name;  // the gateway's user
  gid_t group = 0;         // lets the gateway's user read it after the change
  std::string group_name;
};

// Its number, if it has no name.
std::string name_of_group(gid_t id);

// The change that would give the keystore to `user`, the service's. Error (disk), with what to do instead: the keystore
// belongs to root, or is in a directory that does not belong to its owner, so that it is not the gateway's.
Result<OwnershipChange> plan_ownership_change(const std::filesystem::path& keystore, const User& user);

// `done`: whether change_owner() has made the change.
std::string describe(const OwnershipChange& change, std::string_view user, bool done);
// Warns that an upgrade of Gravitee's package reverts the change, and shows the commands that prevent it.
std::string upgrade_note(const OwnershipChange& change, std::string_view user, std::string_view certificate);

// Gives the file and its directory to the user. Safe in a directory of a hostile owner: changes only what belongs to
// that owner, and follows no link. Error kind: disk.
Result<void> change_owner(const OwnershipChange& change, const User& user);

}  // namespace renewd::commands
