// `certificates[].gateway`: what makes the gateway use the keystore.
#pragma once

#include "configuration/settings.hpp"
#include "configuration/yaml_map.hpp"

namespace renewd::configuration {

void read_gateway(const YamlNode& node, DiagnosticSink& sink, GatewaySettings& into);

}  // namespace renewd::configuration
