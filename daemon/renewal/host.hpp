// Which host this is.
#pragma once

#include <string>

#include "core/filesystem.hpp"

namespace renewd::renewal {

// The machine id (machine-id(5)), else the host name: the same at every start, and another one for each host.
std::string host_identity(const Filesystem& filesystem);

}  // namespace renewd::renewal
