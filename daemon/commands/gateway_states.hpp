// Whether the gateways run, for commands that only look: they ask systemd themselves, since no daemon may run.
#pragma once

#include <vector>

#include "configuration/settings.hpp"
#include "gateway/gateway_state.hpp"

namespace renewd::commands {

enum class Examiner {
  daemon,   // a daemon has examined the gateways, from inside its sandbox: only their units are asked
  command,  // also the health checks, and whether an activation would be permitted
};

// One for each certificate, in their order. After a few seconds, the rest is a problem of the check if the command is
// the examiner, and otherwise empty.
std::vector<gateway::Examination> examine_gateways(const std::vector<configuration::CertificateSettings>& certificates,
                                                   const configuration::HttpSettings& http, Examiner examiner);

}  // namespace renewd::commands
