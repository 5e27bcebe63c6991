// `init --permissions`: lets the service do what its configuration asks for, and no more.
#pragma once

#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

#include "configuration/settings.hpp"

namespace renewd::commands {

struct PermissionsOptions {
  std::filesystem::path configuration;
  std::filesystem::path root = "/";  // below which the files are written
  bool dry_run = false;              // show them instead
  bool force = false;                // overwrite what was changed by hand
  std::string user;                  // the service's; by default that of its unit
};

// Gives keystores that belong to another user to the service's, writes a polkit rule and a drop-in of the unit, and
// tells on `out` what was changed, what the daemon's user cannot get at yet, and what to do next. Exit status 0, 1
// (nothing was written, or something is still missing), 2 (wrong configuration).
int permissions(const PermissionsOptions& options, std::ostream& out, std::ostream& errors);

// What the service on this host lacks to do what its configuration asks for, because permissions() was not run since:
// a sentence each. Empty for anybody but root, and where no service is installed. Where a person has files of their own
// about the same, the person is trusted. Looks below `root`.
std::vector<std::string> stale_permissions(const configuration::Settings& settings,
                                           const std::filesystem::path& root = "/");

// And what its user may not do with the files that the configuration names.
std::vector<std::string> lacks_of_service(const configuration::Settings& settings,
                                          const std::filesystem::path& configuration);

}  // namespace renewd::commands
