// Transfers keystores to the service's user. The gateway only has to read its keystore, so the service owns the file
// and its directory, and the gateway's group can read them. Part of `init --permissions`.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "core/error.hpp"
#include "core/user.hpp"

namespace renewd::commands {

// The user of the installed unit. It is not the gateway's, so that an attacker in the gateway gets neither the account
// token nor the state.
inline constexpr std::string_view kServiceUser = "gravitee-renewd";

// A keystore with another owner than the service's user.
struct KeystoreTransfer {
  std::filesystem::path keystore;  // as configured
  std::filesystem::path file;      // with links resolved
  uid_t owner = 0;
  std::string owner_name;  // the gateway's user
  gid_t group = 0;         // lets that user read it after the transfer
  std::string group_name;
};

// The number of a group without a name.
std::string name_of_group(gid_t id);

// Checks whether the keystore can be transferred to `user`, the service's. Refuses, with advice, a keystore of root,
// and one in a directory that its owner does not own: the gateway has no right to them. Error kind: disk.
Result<KeystoreTransfer> plan_transfer(const std::filesystem::path& keystore, const User& user);

// The changes of transfer(), in a sentence; `done`: in the past tense.
std::string describe(const KeystoreTransfer& keystore, std::string_view user, bool done);
// The commands that move the keystore to a directory whose owner Gravitee's package does not change on an upgrade.
std::string relocation_advice(const KeystoreTransfer& keystore, std::string_view user, std::string_view certificate);

// Makes the user the owner of the file and its directory. Safe in a directory of a hostile owner: changes only files of
// that owner, and follows no links. Error kind: disk.
Result<void> transfer(const KeystoreTransfer& keystore, const User& user);

}  // namespace renewd::commands
