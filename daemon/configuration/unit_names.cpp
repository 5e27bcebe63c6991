#include "configuration/unit_names.hpp"

#include <algorithm>

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

}  // namespace renewd::configuration
