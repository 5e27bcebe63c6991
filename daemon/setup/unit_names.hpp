// The services of a host and their names, by systemd's rules (systemd.unit(5)): search path, links, masks, templates
// and their instances.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "setup/host_files.hpp"

namespace renewd::setup {

struct UnitIdentity {
  enum class State { usable, missing, masked };
  State state = State::missing;
  // The unit's own name, which polkit, jobs and the journal use for all its aliases.
  std::string name;
  std::filesystem::path file;  // of a usable unit; for an instance, possibly its template
};

// `name` may be an alias; ".service" is optional.
UnitIdentity identify_unit(const HostFiles& files, std::string name);

// A sentence for the operator; empty for a usable unit.
std::string problem_of(const UnitIdentity& unit);

// Every usable service, sorted by its own name. Instances of a template are included if a unit depends on them, or if
// they are running.
std::vector<UnitIdentity> find_services(const HostFiles& files);

// The drop-ins of a service, its aliases and its template, in the order in which systemd reads them.
std::vector<std::filesystem::path> drop_ins(const HostFiles& files, const std::string& unit);

}  // namespace renewd::setup
