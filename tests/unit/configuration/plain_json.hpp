// A YAML text as the JSON that an editor's schema checker sees: scalars follow the core schema of YAML 1.2 (10.3.2),
// aliases are resolved, and the last of duplicate keys wins.
#pragma once

#include <string_view>

#include <boost/json/value.hpp>

namespace renewd::configuration {

// The text must be YAML; otherwise std::runtime_error.
boost::json::value plain_json(std::string_view yaml);

}  // namespace renewd::configuration
