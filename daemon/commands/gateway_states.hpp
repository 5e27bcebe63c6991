// Whether the gateways run, for commands that only look: they ask systemd themselves, since no daemon may run.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "configuration/settings.hpp"
#include "gateway/gateway_state.hpp"

namespace renewd::commands {

// One for each certificate, in their order. Nothing for a gateway whose state is not known: it is no unit, or the
// system bus does not reply within a few seconds. Health checks are left to the daemon.
std::vector<std::optional<gateway::GatewayState>> gateway_states(
    const std::vector<configuration::CertificateSettings>& certificates);

}  // namespace renewd::commands
