// The maps of the file whose keys have rules between them. Each function opens its map, reads its keys, and checks
// those.
#pragma once

#include <vector>

#include "configuration/settings.hpp"
#include "configuration/yaml_map.hpp"

namespace renewd::configuration {

std::vector<CertificateSettings> read_certificates(const YamlNode& node, DiagnosticSink& sink);
void read_gateway(const YamlNode& node, DiagnosticSink& sink, GatewaySettings& into);
void read_metrics(const YamlNode& node, DiagnosticSink& sink, MetricsSettings& into);

// Reports windows of a certificate that could never be kept, because they are ignored from the beginning of the renewal
// window on.
void check_windows(const YamlMap& certificate, const CertificateSettings& settings);

}  // namespace renewd::configuration
