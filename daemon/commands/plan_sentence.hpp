// The plan of a certificate in a sentence, for `renew --dry-run`, and its next maintenance windows.
#pragma once

#include <chrono>
#include <string>

#include "configuration/settings.hpp"
#include "core/clock.hpp"
#include "report/certificate_status.hpp"

namespace renewd::commands {

// "due now: a new certificate would be requested, the keystore replaced, and graviteeio-apim-gateway.service
// restarted", or from when on. `renew` does not wait for the splay, nor for the next retry.
std::string plan_sentence(const report::CertificateStatus& standing,
                          const configuration::CertificateSettings& certificate);

// What the daemon makes of it: when it runs, if it waits for something; otherwise what starting it would do, which may
// restart the gateway at once. Empty if there is nothing to add.
std::string daemon_sentence(const report::CertificateStatus& standing,
                            const configuration::CertificateSettings& certificate, bool daemon_runs);

// "activate_windows: next at 2026-11-29T01:14:00Z (Sun 02:14 Europe/Paris)"; of both keys, as this host uses them.
// Empty without windows.
std::string windows_sentence(const configuration::CertificateSettings& certificate, std::chrono::seconds splay,
                             TimePoint now);

}  // namespace renewd::commands
