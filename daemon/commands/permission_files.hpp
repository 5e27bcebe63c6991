// The text of the two files with the service's permissions: a polkit rule for restarting the gateway's units, and a
// drop-in of the service. Pure; commands/permissions writes them.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "commands/keystore_owner.hpp"

namespace renewd::commands {

struct Permissions {
  // Of the daemon.
  std::string user;
  std::string group;
  // Full names of the units that it restarts.
  std::vector<std::string> units;
  // Directories that it writes to, except the default state directory. Absolute, without links.
  std::vector<std::filesystem::path> writable;
  // For keystores behind a link, which an upgrade of the gateway may change: directories that the sandbox leaves
  // writable as well, so that it need not be restarted after the change. Absolute.
  std::vector<std::filesystem::path> linked;
  // Links on the way to a keystore for which there is no such directory.
  std::vector<std::filesystem::path> pinned;
  // Names of the systemd credentials that it reads.
  std::vector<std::string> credentials;
  // Groups that it needs in addition to those of its user.
  std::vector<std::string> groups;
  // Whether a keystore's group differs from the one that a new file gets.
  bool changes_group = false;
  // Keystores that the service replaces.
  std::vector<KeystoreUse> keystores;
  // Those of them that belong to another user.
  std::vector<KeystoreTransfer> transfers;
};

// A polkit rule (polkit(8)) that lets the user restart exactly these units. Empty when there are none.
std::string polkit_rules(const Permissions& permissions);

// A drop-in of the installed unit (systemd.unit(5)).
std::string service_drop_in(const Permissions& permissions);

// Whether one of the two functions wrote this file and nobody has changed it: its last line is a checksum.
bool has_valid_checksum(std::string_view file);

}  // namespace renewd::commands
