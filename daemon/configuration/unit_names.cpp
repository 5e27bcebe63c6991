#include "configuration/unit_names.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "configuration/yaml_values.hpp"

namespace renewd::configuration {

// systemd.unit(5): a name of these characters and the type. No other type has a process that reads a keystore.
bool is_unit_name(std::string_view name) {
  constexpr std::string_view kType = ".service";
  if (!name.ends_with(kType) || name.size() == kType.size() || name.size() > 255) {
    return false;
  }
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view(":-_.\\@").find(c) != std::string_view::npos;
  });
}

void check_unit_name(const YamlMap& map, std::string_view key, Place place, const std::string& name) {
  if (name.empty() || is_unit_name(name)) {
    return;
  }
  const std::string service = name + ".service";
  map.sink().error(place, fmt::format("`{}` must be the full name of a service, such as {}", map.name_of(key),
                                      is_unit_name(service) ? service : "graviteeio-apim-gateway.service"));
}

std::string read_unit_name(const YamlMap& map, std::string_view key) {
  std::string name;
  read_text(map, key, name);
  check_unit_name(map, key, map.find(key)->place, name);
  return name;
}

}  // namespace renewd::configuration
