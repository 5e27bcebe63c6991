// The text of the two files that grant the service its permissions: a polkit rule for restarting the gateway's units,
// and a drop-in of the service's unit. commands/permissions finds the values and writes the files.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "commands/keystore_owner.hpp"

namespace renewd::commands {

struct Permissions {
  // Of the service.
  std::string user;
  std::string group;
  // Full names of the units that the daemon restarts.
  std::vector<std::string> units;
  // Absolute directories that it writes to, except the default state directory.
  std::vector<std::filesystem::path> writable;
  // Absolute directories that lead to a keystore through a link; an upgrade of the gateway may replace the link.
  std::vector<std::filesystem::path> linked;
  // Names of the systemd credentials that it reads.
  std::vector<std::string> credentials;
  // Supplementary groups, in addition to those of its user.
  std::vector<std::string> groups;
  // Whether a replaced keystore needs a group that a new file would not get by default.
  bool changes_group = false;
  // Keystores that do not belong to the user yet, with the names of their certificates.
  std::vector<std::pair<std::string, OwnershipChange>> ownership_changes;
};

// Whether a character needs no quotes in a shell, a unit file or JavaScript.
bool is_plain(char c);

// A rule for polkit(8) that lets the user restart exactly these units. Empty without units.
std::string polkit_rules(const Permissions& permissions);

// A drop-in of the installed unit (systemd.unit(5)).
std::string service_drop_in(const Permissions& permissions);

// Whether a file is unchanged since one of the two functions wrote it: its last line is a checksum.
bool is_unmodified(std::string_view file);

}  // namespace renewd::commands
