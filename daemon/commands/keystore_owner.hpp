// Giving keystores to the service's own user: the gateway only has to read its keystore, so the file and its directory
// belong to the service, and the gateway's group may read. Part of `init --permissions`.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "core/error.hpp"
#include "core/user.hpp"

namespace renewd::commands {

// Whom the installed unit runs the daemon as: a user of its own, so that an attacker in the gateway gets neither
// the account token nor the state.
inline constexpr std::string_view kServiceUser = "gravitee-renewd";

// A keystore that has another owner than the service's user.
struct ForeignKeystore {
  std::filesystem::path keystore;  // as configured
  std::filesystem::path file;      // without links
  uid_t owner = 0;
  std::string owner_name;  // the gateway's user
  gid_t group = 0;         // through which that user reads it from now on
  std::string group_name;
};

// Its number, where it has no name.
std::string name_of_group(gid_t id);

// How the keystore would be given to `user`, the service's. Refused, with what to do instead, are a keystore of root
// and one in a directory that its owner does not own: those are not the gateway's to give away. Error kind: disk.
Result<ForeignKeystore> find_foreign(const std::filesystem::path& keystore, const User& user);

// What give() changes, for people; `done`: has changed.
std::string explain(const ForeignKeystore& foreign, std::string_view user, bool done);
// How to keep the keystore where an upgrade of Gravitee's package does not give it back, as commands.
std::string place_outside(const ForeignKeystore& foreign, std::string_view user, std::string_view certificate);

// Gives file and directory to the user. Safe in a directory whose owner is hostile: nothing is changed that does not
// belong to that owner, and no link is followed. Error kind: disk.
Result<void> give(const ForeignKeystore& foreign, const User& user);

}  // namespace renewd::commands
