// What the commands that need a configuration share: reading it, and the real objects behind one certificate.
#pragma once

#include <filesystem>
#include <optional>
#include <ostream>

#include <boost/asio/any_io_executor.hpp>

#include "http/http_client.hpp"
#include "configuration/settings.hpp"
#include "core/event_log.hpp"
#include "core/filesystem.hpp"
#include "gateway/gateway.hpp"
#include "renewal/renewal.hpp"

namespace renewd::commands {

// Nothing when the file has errors; each is then on `errors`, one a line.
std::optional<configuration::Settings> load_configuration(const std::filesystem::path& file, std::ostream& errors);

// The objects that one certificate's renewals work with. Not movable: the surroundings refer to the gateway.
class CertificateObjects {
 public:
  CertificateObjects(const boost::asio::any_io_executor& executor, const configuration::CertificateSettings& settings,
                     Filesystem& filesystem, http::HttpClient& http, const EventLog& log, const Clock& clock);
  CertificateObjects(const CertificateObjects&) = delete;
  CertificateObjects& operator=(const CertificateObjects&) = delete;

  renewal::Surroundings surroundings() const { return surroundings_; }

 private:
  std::unique_ptr<gateway::Gateway> gateway_;
  renewal::Surroundings surroundings_;
};

}  // namespace renewd::commands
