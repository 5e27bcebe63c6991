// Who should own a keystore, and the shell commands that give it to this user. The service must never run as root
// because a keystore belongs to root: the owner of the keystore is corrected instead.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>

#include "core/user.hpp"

namespace renewd::commands {

// A keystore, and who uses it.
struct KeystoreUse {
  std::string certificate;
  std::filesystem::path keystore;  // as configured
  std::optional<User> gateway;     // the user of the gateway's unit; nothing when unknown
};

// The user who reads the keystore: the gateway's, or else the one who owns the file or its directory, or else the
// service's.
User reader_of(const KeystoreUse& use, uid_t of_file, uid_t of_directory, const User& service);

// The group that lets the reader read a keystore of the service: the present one if it does, else the reader's.
gid_t group_for(const User& reader, gid_t present, const User& service);

// What to do when the service cannot replace the keystore, or the gateway cannot read it: "run chown gravitee: /path,
// then gravitee-renewd init --permissions". The owner follows from the nearest directory that is not root's, if it
// belongs to the gateway or the service; otherwise the keystore must move to a directory of its own. Names no file that
// others could have chosen by a link. Never suggests to run the service as root.
std::string owner_correction(const KeystoreUse& use, const User& service);

// The commands that copy the keystore to a directory that the service owns, joined by `separator`. `file` is copied
// with the rights of `owner`: root must not follow paths in directories of others.
std::string relocation_commands(const KeystoreUse& use, const User& owner, const std::string& group,
                                const std::string& service, const std::string& separator);

}  // namespace renewd::commands
