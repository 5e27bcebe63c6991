// The settings of a service, from its unit file and drop-ins: its command, environment and user. Reads the files
// instead of asking systemd, which works before a reload, in a chroot and in a test
// (docs/decisions/0015-unit-files.md).
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "setup/host_files.hpp"

namespace renewd::setup {

struct ServiceUnit {
  std::string name;  // "graviteeio-apim-gateway.service"
  std::map<std::string, std::string> environment;
  std::vector<std::string> command;  // the words of ExecStart=, without systemd's prefixes
  std::string working_directory;
  std::string user;                 // User=, empty for root
  std::string group;                // Group=, empty for the user's
  std::vector<std::string> groups;  // SupplementaryGroups=
  bool dynamic_user = false;        // DynamicUser=
  std::string output;               // StandardOutput=, empty for the journal
  // For the operator: lines that could not be read or understood, without values.
  std::vector<std::string> notes;
};

// Every usable service of the host (unit_names.hpp), sorted by name. Drop-ins apply in systemd's order; the files of
// EnvironmentFile= override Environment=.
std::vector<ServiceUnit> read_service_units(const HostFiles& files);

// One service, by any of its names; nothing when it is not usable.
std::optional<ServiceUnit> read_service_unit(const HostFiles& files, const std::string& name);

}  // namespace renewd::setup
