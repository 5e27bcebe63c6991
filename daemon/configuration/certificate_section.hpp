// `certificates`: what is watched, renewed and installed.
#pragma once

#include <string_view>
#include <vector>

#include "configuration/settings.hpp"
#include "configuration/yaml_map.hpp"

namespace renewd::configuration {

// Whether this can be a certificate's name.
bool is_certificate_name(std::string_view text);

std::vector<CertificateSettings> read_certificates(const YamlNode& node, DiagnosticSink& sink);

}  // namespace renewd::configuration
