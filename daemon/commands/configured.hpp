// What the commands that need a configuration share: reading it, and the real objects behind one certificate.
#pragma once

#include <filesystem>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/thread_pool.hpp>

#include "configuration/loader.hpp"
#include "configuration/settings.hpp"
#include "core/event_log.hpp"
#include "core/filesystem.hpp"
#include "gateway/gateway.hpp"
#include "http/http_client.hpp"
#include "keystore/file_store.hpp"
#include "renewal/context.hpp"
#include "source/cloud_source.hpp"

namespace renewd::commands {

// Nothing when the file has errors; each is then on `errors`, one a line.
std::optional<configuration::Settings> load_configuration(const std::filesystem::path& file, std::ostream& errors);
std::optional<configuration::LocatedSettings> load_located(const std::filesystem::path& file, std::ostream& errors);

// The certificates that were named, or all without a name; nothing when a name is unknown, which is then told on
// `errors`.
std::optional<std::vector<configuration::CertificateSettings>> select_certificates(
    const configuration::Settings& settings, std::string_view command, const std::vector<std::string>& names,
    std::ostream& errors);

// work_as_service(); false when it refuses, and `errors` has then the reason.
bool begin_work(std::string_view command, configuration::Settings& settings, const std::filesystem::path& file,
                std::ostream& errors);

// One line of a command's result, seen at once.
void say(std::ostream& out, std::string_view certificate, std::string_view text);

// From now on what the disk cannot do, and need not, is logged, each once.
void log_warnings(PosixFilesystem& filesystem, const EventLog& log);

// The objects that one certificate's renewals work with. Not movable: the context refers to the gateway.
class CertificateObjects {
 public:
  CertificateObjects(const boost::asio::any_io_executor& executor, const configuration::CertificateSettings& settings,
                     const configuration::HttpSettings& http_settings, Filesystem& filesystem, http::HttpClient& http,
                     const EventLog& log, const Clock& clock, boost::asio::thread_pool* pool = nullptr);
  CertificateObjects(const CertificateObjects&) = delete;
  CertificateObjects& operator=(const CertificateObjects&) = delete;

  renewal::RenewalContext context() const { return context_; }

 private:
  keystore::FileStore keystore_;
  source::CloudSource source_;
  std::unique_ptr<gateway::Gateway> gateway_;
  renewal::RenewalContext context_;
};

}  // namespace renewd::commands
