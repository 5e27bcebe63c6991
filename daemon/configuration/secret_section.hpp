// Where a secret comes from: a map with one of `file`, `credential`, `env`, `value`. Nothing that stands in such a map
// is ever part of a message.
#pragma once

#include <optional>
#include <string_view>

#include "configuration/yaml_map.hpp"
#include "core/secret.hpp"

namespace renewd::configuration {

// Leaves `into` alone when the key is missing or wrong; the latter is reported.
void read_secret_source(const YamlMap& map, std::string_view key, std::optional<SecretSource>& into);

}  // namespace renewd::configuration
