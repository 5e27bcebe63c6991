// Which services a host has and what they are called, by systemd's rules (systemd.unit(5)): the search path, links,
// masks, templates and their instances. systemd itself is not asked, so that it works before a reload, in a chroot and
// in a test.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "setup/host_files.hpp"

namespace renewd::setup {

struct UnitIdentity {
  enum class State { usable, missing, masked };
  State state = State::missing;
  // Its own name, to which every alias leads: what polkit, jobs and the journal know it by.
  std::string name;
  std::filesystem::path file;  // of a usable one; an instance's may be its template's
};

// `name` may be an alias, and may lack ".service".
UnitIdentity identify_unit(const HostFiles& files, std::string name);

// For a person; empty for a usable unit.
std::string problem_of(const UnitIdentity& unit);

// Every usable service by its own name, sorted. An instance of a template counts when something wants it, or when it
// runs.
std::vector<UnitIdentity> find_services(const HostFiles& files);

// The drop-ins of a service, its aliases and its template, in the order in which systemd reads them.
std::vector<std::filesystem::path> drop_ins(const HostFiles& files, const std::string& unit);

}  // namespace renewd::setup
