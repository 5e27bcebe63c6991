#include "commands/configured.hpp"

#include <string>

#include "configuration/loader.hpp"

namespace renewd::commands {

std::optional<configuration::Settings> load_configuration(const std::filesystem::path& file, std::ostream& errors) {
  auto settings = configuration::load(file);
  if (settings) {
    return std::move(*settings);
  }
  for (const auto& diagnostic : settings.error()) {
    errors << diagnostic.text(file) << '\n';
  }
  return std::nullopt;
}

CertificateObjects::CertificateObjects(const boost::asio::any_io_executor& executor,
                                       const configuration::CertificateSettings& settings, Filesystem& filesystem,
                                       http::HttpClient& http, const EventLog& log, const Clock& clock)
    : gateway_(gateway::make_gateway(
          executor, settings.gateway,
          [&log, name = settings.name](std::string_view line) { log.event(EventName::gateway_output, name, line); })),
      surroundings_{filesystem, http, *gateway_, log, clock} {}

}  // namespace renewd::commands
