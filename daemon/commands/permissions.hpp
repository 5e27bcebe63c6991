// `init --permissions`: grants the service exactly what its configuration requires.
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
  bool force = false;                // overwrite files that were changed by hand
  std::string user;                  // of the service; empty: the one in its unit
};

// Gives the keystores to the service's user, and writes a polkit rule and a drop-in of the unit. Reports on `out` what
// has changed, what is still missing, and what to do next. Exit status: 0, 1 (nothing written, or something is still
// missing), 2 (wrong configuration).
int permissions(const PermissionsOptions& options, std::ostream& out, std::ostream& errors);

// The permission files below `root` that do not match the configuration, because permissions() has not run since: a
// sentence each. Empty for users other than root, and without an installed service. Skips a file if an operator's own
// file covers the same subject.
std::vector<std::string> stale_permissions(const configuration::Settings& settings,
                                           const std::filesystem::path& root = "/");

// These, and the files of the configuration that the service's user cannot read or write.
std::vector<std::string> missing_permissions(const configuration::Settings& settings,
                                             const std::filesystem::path& configuration);

}  // namespace renewd::commands
