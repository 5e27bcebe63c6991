// The names of systemd's units, where the configuration takes one.
#pragma once

#include <string>
#include <string_view>

#include "configuration/yaml_map.hpp"

namespace renewd::configuration {

// Whether this is the full name of a service.
bool is_unit_name(std::string_view name);

// Reports a name that is not that of a service, in full. An empty one was reported as missing or wrong before.
void check_unit_name(const YamlMap& map, std::string_view key, Place place, const std::string& name);

// The key's value, which must be there. What is no unit's name is reported.
std::string read_unit_name(const YamlMap& map, std::string_view key);

}  // namespace renewd::configuration
