// Identifies this host.
#pragma once

#include <string>
#include <string_view>

#include "core/filesystem.hpp"

namespace renewd::renewal {

// The machine id (machine-id(5)) and the host name: stable across restarts, and different for each host. Neither is
// enough alone: cloned hosts share an id, early in the first boot there is none, and hosts may share a name.
std::string host_identity(const Filesystem& filesystem);

// The kernel's host name (gethostname(2)).
std::string host_name();

// `machine_id` is the content of the file; an invalid one ("uninitialized", empty) is ignored.
std::string host_identity(std::string_view machine_id, std::string_view host_name);

}  // namespace renewd::renewal
