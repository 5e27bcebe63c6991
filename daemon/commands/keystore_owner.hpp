// Transfers keystores to the service's user. The gateway only has to read its keystore, so the service owns the file
// and its directory, and the gateway's group can read them. Part of `init --permissions`.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "commands/keystore_advice.hpp"
#include "core/error.hpp"
#include "core/user.hpp"

namespace renewd::commands {

// The user of the installed unit. It is not the gateway's, so that an attacker in the gateway gets neither the account
// token nor the state.
inline constexpr std::string_view kServiceUser = "gravitee-renewd";

// A keystore with another owner than the service's user, or one that the gateway cannot read.
struct KeystoreTransfer {
  KeystoreUse use;
  std::filesystem::path file;  // with links resolved
  User owner;                  // of the file
  User reader;                 // the gateway's user
  gid_t group = 0;             // lets the reader read it after the transfer
  std::string group_name;
};

// Checks whether the keystore can be transferred to `user`, the service's. Refuses a keystore of root, and one in a
// directory that belongs neither to its owner nor to the service: the gateway has no right to them. The error has the
// command that corrects it (keystore_advice.hpp). Error kind: disk.
Result<KeystoreTransfer> plan_transfer(const KeystoreUse& use, const User& user);

// The changes of transfer(), in a sentence; `done`: in the past tense.
std::string describe(const KeystoreTransfer& keystore, std::string_view user, bool done);
// A note on why and how to move the keystore to a directory whose owner Gravitee's package does not change on an
// upgrade. Empty if the service shares the gateway's user.
std::string relocation_advice(const KeystoreTransfer& keystore, const User& user);

// Makes the user the owner of the file and its directory. Safe in a directory of a hostile owner: changes only files of
// that owner, and follows no links. Error kind: disk.
Result<void> transfer(const KeystoreTransfer& keystore, const User& user);

}  // namespace renewd::commands
