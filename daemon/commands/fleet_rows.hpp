// The members of a fleet, with those that the roll-out waits for although they are missing. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "fleet/view.hpp"

namespace renewd::commands {

struct FleetRow {
  fleet::MemberName name;
  std::string state;  // of the member; "missing" and "unknown" (a record that cannot be read) besides
  std::string why;    // may be empty
  std::optional<fleet::MemberRecord> record;
  // Of what is installed, and in use; 0: not from the fleet, or unknown. One certificate has one number.
  std::uint64_t generation = 0;
  std::uint64_t generation_in_use = 0;
  bool holds = false;   // a turn
  bool failed = false;  // in this roll-out
  bool uses_newest = false;
};

struct FleetRows {
  std::vector<FleetRow> rows;  // by name
  std::size_t present = 0;
  std::size_t in_use = 0;  // present ones that use the newest
  std::size_t restarting = 0;
  std::size_t waiting = 0;
  std::size_t failed = 0;
  std::size_t missing = 0;
};

FleetRows fleet_rows(const fleet::View& view);

}  // namespace renewd::commands
