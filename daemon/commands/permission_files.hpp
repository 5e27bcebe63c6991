// What the service may do on this host, as the two files that say so: a polkit rule for the restart of the gateway's
// units, and a drop-in of our own unit. Text from values, nothing else; commands/permissions finds the values and
// writes.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "commands/keystore_owner.hpp"

namespace renewd::commands {

struct Permissions {
  // Whom the daemon runs as.
  std::string user;
  std::string group;
  // Full names of the units that it restarts.
  std::vector<std::string> units;
  // Directories that it writes to, besides its state's default place. Absolute.
  std::vector<std::filesystem::path> writable;
  // Directories that the configured path of a keystore is in, behind which a link leads to a writable one; an upgrade
  // of the gateway makes another one of it. Absolute.
  std::vector<std::filesystem::path> passed;
  // Names of systemd credentials that it reads.
  std::vector<std::string> credentials;
  // Groups that it needs beside those of its user.
  std::vector<std::string> groups;
  // Whether a keystore's group is not the one that a new file gets by itself.
  bool changes_group = false;
  // Keystores that still belong to another user, by the names of their certificates.
  std::vector<std::pair<std::string, ForeignKeystore>> foreign;
};

// Rules for polkit (polkit(8)): the user may restart exactly these units. Empty when there are none.
std::string polkit_rules(const Permissions& permissions);

// Settings on top of the unit that is installed (systemd.unit(5), drop-in).
std::string service_drop_in(const Permissions& permissions);

// Whether a file is as one of the two functions wrote it, for whatever permissions: its last line is a checksum.
bool is_as_written(std::string_view file);

}  // namespace renewd::commands
