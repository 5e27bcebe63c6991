// The maps of the file whose keys have rules between them. Each function reads its map and checks those rules.
#pragma once

#include <vector>

#include "configuration/settings.hpp"
#include "configuration/yaml_map.hpp"

namespace renewd::configuration {

std::vector<CertificateSettings> read_certificates(const YamlNode& node, DiagnosticSink& sink);
void read_gateway(const YamlMap& certificate, GatewaySettings& into);
void read_metrics(const YamlMap& file, MetricsSettings& into);
// After `http` and `schedule`, with which it compares its own.
void read_fleet(const YamlMap& file, const HttpSettings& http, const ScheduleSettings& schedule, FleetSettings& into);

// Reports maintenance windows that would never apply, because the renewal starts when they are already overridden.
void check_windows(const YamlMap& certificate, const CertificateSettings& settings);

}  // namespace renewd::configuration
