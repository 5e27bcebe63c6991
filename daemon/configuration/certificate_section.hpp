// `certificates`: what is watched, renewed and installed.
#pragma once

#include <vector>

#include "configuration/settings.hpp"
#include "configuration/yaml_map.hpp"

namespace renewd::configuration {

std::vector<CertificateSettings> read_certificates(const YamlNode& node, DiagnosticSink& sink);

}  // namespace renewd::configuration
