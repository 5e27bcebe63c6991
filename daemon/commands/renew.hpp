// `renew`: one pass now, carried through to a gateway that uses what was installed.
#pragma once

#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

namespace renewd::commands {

struct RenewOptions {
  std::filesystem::path configuration;
  std::vector<std::string> names;  // empty: all
  bool force = false;              // even if not due
  bool alone = false;              // without the fleet
  bool dry_run = false;            // everything but the request, the replacement and the restart
};

// Exit status 0 (done, or nothing due), 1 (something failed), 2 (wrong names or configuration).
int renew(const RenewOptions& options, std::ostream& out, std::ostream& errors);

}  // namespace renewd::commands
