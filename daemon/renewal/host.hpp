// Which host this is.
#pragma once

#include <string>
#include <string_view>

#include "core/filesystem.hpp"

namespace renewd::renewal {

// The same at every start, and another one for each host: its machine id (machine-id(5)) and its name. Neither is
// enough: cloned hosts share an id, before the first boot is over there is none, and hosts may have one name.
std::string host_identity(const Filesystem& filesystem);

// `machine_id` is the text of the file; one that is none ("uninitialized", empty) does not count.
std::string host_identity(std::string_view machine_id, std::string_view host_name);

}  // namespace renewd::renewal
