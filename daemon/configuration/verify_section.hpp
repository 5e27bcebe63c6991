// `certificates[].gateway.verify`: what shows that the gateway is well.
#pragma once

#include <string>

#include "configuration/settings.hpp"
#include "configuration/yaml_map.hpp"

namespace renewd::configuration {

// `name` is that of the map in messages.
void read_verify(const YamlNode& node, const std::string& name, DiagnosticSink& sink, GatewaySettings& into);

}  // namespace renewd::configuration
