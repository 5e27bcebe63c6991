// `metrics`: where the daemon shows its numbers.
#pragma once

#include "configuration/settings.hpp"
#include "configuration/yaml_map.hpp"

namespace renewd::configuration {

void read_metrics(const YamlNode& node, DiagnosticSink& sink, MetricsSettings& into);

}  // namespace renewd::configuration
