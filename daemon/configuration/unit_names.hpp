// The names of systemd's units, where the configuration takes one.
#pragma once

#include <string_view>

namespace renewd::configuration {

// Whether this is the full name of a service.
bool is_unit_name(std::string_view name);

}  // namespace renewd::configuration
