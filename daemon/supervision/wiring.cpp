#include "supervision/wiring.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace renewd::supervision {
namespace {

// Those that the output of a gateway's command or log may contain.
std::vector<NamedSecret> secrets_of(const configuration::CertificateSettings& settings) {
  std::vector<NamedSecret> secrets;
  for_each_secret(settings, [&secrets](const SecretSource& secret, std::string_view name) {
    secrets.push_back({std::string(name), secret});
  });
  return secrets;
}

}  // namespace

void log_warnings(PosixFilesystem& filesystem, const EventLog& log) {
  filesystem.on_warning(
      [&log](const std::string& message) { log.event(Level::warning, EventName::certificate_checked, "", message); });
}

CertificateObjects::CertificateObjects(const boost::asio::any_io_executor& executor,
                                       const configuration::CertificateSettings& settings,
                                       const configuration::HttpSettings& http_settings, Filesystem& filesystem,
                                       http::HttpClient& http, const EventLog& log, const Clock& clock,
                                       boost::asio::thread_pool* pool)
    : keystore_(filesystem, settings.keystore),
      source_(http, settings),
      gateway_(gateway::make_gateway(
          executor, settings.gateway, http_settings,
          [&log, name = settings.name](std::string_view line) { log.event(EventName::gateway_output, name, line); },
          secrets_of(settings))),
      context_{filesystem, keystore_, source_, *gateway_, log, clock, pool} {}

}  // namespace renewd::supervision
