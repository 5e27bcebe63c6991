// What unit files and their drop-ins say of a service, read from the disk: where its program lives and which
// environment it gets. systemd itself is not asked, so that it works before a reload, in a chroot and in a test
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
  // What could not be read or understood, for people; never a value.
  std::vector<std::string> notes;
};

// Every usable service of the host (unit_names.hpp), by name. Drop-ins count in systemd's order, the files of
// EnvironmentFile= above Environment=.
std::vector<ServiceUnit> read_service_units(const HostFiles& files);

// One of them, by any of its names; nothing when there is none.
std::optional<ServiceUnit> read_service_unit(const HostFiles& files, const std::string& name);

}  // namespace renewd::setup
