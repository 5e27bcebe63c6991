// Gravitee's technical API as a gravitee.yml sets it up: where `gateway.verify.http` can ask for the node's health.
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
  // Why it cannot be asked as it is; empty when it can.
  std::string problem;
};

// Gravitee's defaults where gravitee.yml is silent; `default_port` differs from component to component.
TechnicalApi find_technical_api(const GraviteeSettings& settings, int default_port);

}  // namespace renewd::setup
