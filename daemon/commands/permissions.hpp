// `init --permissions`: lets the service do what its configuration asks for, and no more.
#pragma once

#include <filesystem>
#include <ostream>

namespace renewd::commands {

struct PermissionsOptions {
  std::filesystem::path configuration;
  std::filesystem::path root = "/";  // below which the files are written
  bool dry_run = false;              // show them instead
  bool force = false;                // overwrite what was changed by hand
};

// Writes a polkit rule and a drop-in of the unit, and tells on `out` what was written, what the daemon's user cannot
// get at yet, and what to do next. Exit status 0, 1 (not written), 2 (wrong configuration).
int permissions(const PermissionsOptions& options, std::ostream& out, std::ostream& errors);

}  // namespace renewd::commands
