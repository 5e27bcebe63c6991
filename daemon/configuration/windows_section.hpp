// `renew_windows`, `activate_windows` and `override_windows_before` of a certificate.
#pragma once

#include "configuration/settings.hpp"
#include "configuration/yaml_map.hpp"

namespace renewd::configuration {

// `into.renew_before` must have been read. Windows that could never be kept, because they are ignored from the
// beginning of the renewal window on, are an error.
void read_windows(const YamlMap& certificate, CertificateSettings& into);

}  // namespace renewd::configuration
