// Gravitee's technical API, as a gravitee.yml configures it: the health check for `gateway.verify.http`.
#pragma once

#include <optional>
#include <string>

#include "core/secret.hpp"
#include "setup/gravitee_settings.hpp"

namespace renewd::setup {

struct TechnicalApi {
  std::string url;       // of the health check
  std::string username;  // empty: no authentication
  std::optional<Secret> password;
  // Why the daemon cannot use it; empty when it can.
  std::string problem;
};

// With Gravitee's defaults for missing settings; `default_port` depends on the component.
TechnicalApi find_technical_api(const GraviteeSettings& settings, int default_port);

}  // namespace renewd::setup
