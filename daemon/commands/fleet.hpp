// `fleet key|status|halt|resume|publish|reseal`: what the hosts of an account share through etcd, by hand.
#pragma once

#include <filesystem>
#include <ostream>
#include <string>

#include "commands/screen.hpp"

namespace renewd::commands {

struct FleetOptions {
  std::filesystem::path configuration;
  std::string name;  // of a certificate; empty: the one account or, for `status`, all
  bool json = false;
};

// Exit status: 0, 1 (etcd cannot be used, or refuses), 2 (wrong configuration, no fleet, unknown or missing name).
int fleet_status(const FleetOptions& options, const Screen& screen, std::ostream& out, std::ostream& errors);
int fleet_halt(const FleetOptions& options, std::ostream& out, std::ostream& errors);
int fleet_resume(const FleetOptions& options, std::ostream& out, std::ostream& errors);
int fleet_publish(const FleetOptions& options, std::ostream& out, std::ostream& errors);
int fleet_reseal(const FleetOptions& options, std::ostream& out, std::ostream& errors);
// Prints a new key and nothing else; needs no configuration.
int fleet_key(std::ostream& out, std::ostream& errors);

}  // namespace renewd::commands
