// `init --permissions`: gives the service exactly the permissions that its configuration requires.
#pragma once

#include <cstddef>
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
  bool force = false;                // overwrite files that were changed by hand
  std::string user;                  // of the service; by default that of its unit
  std::size_t width = 0;             // of the terminal; 0: lines are not broken
};

// Transfers keystores of another user to the service's user, and writes a polkit rule and a drop-in of the unit. Prints
// the changes, the permissions that are still missing, and the next steps to `out`. Exit status 0, 1 (nothing was
// written, or a permission is still missing), 2 (wrong configuration).
int permissions(const PermissionsOptions& options, std::ostream& out, std::ostream& errors);

// Files of permissions() that do not match the configuration any more, one sentence each. Empty for users other than
// root, and where no service is installed. Skips files that an administrator manages. Reads below `root`.
std::vector<std::string> outdated_permissions(const configuration::Settings& settings,
                                              const std::filesystem::path& root = "/");

// The same, and the files of the configuration that the service's user cannot access.
std::vector<std::string> missing_permissions(const configuration::Settings& settings,
                                             const std::filesystem::path& configuration);

}  // namespace renewd::commands
