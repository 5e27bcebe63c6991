// Loads the configuration for a command, and makes the objects that one certificate needs.
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

// If the file has errors, returns nothing and writes each to a line of `errors`.
std::optional<configuration::Settings> load_configuration(const std::filesystem::path& file, std::ostream& errors);
std::optional<configuration::LocatedSettings> load_located(const std::filesystem::path& file, std::ostream& errors);

// The certificates with these names, or all without names. Reports unknown names on `errors` and returns nothing.
std::optional<std::vector<configuration::CertificateSettings>> select_certificates(
    const configuration::Settings& settings, std::string_view command, const std::vector<std::string>& names,
    std::ostream& errors);

// become_service_user(); reports a failure on `errors` and returns false.
bool begin_work(std::string_view command, configuration::Settings& settings, const std::filesystem::path& file,
                std::ostream& errors);

// Prints one line of a command's result and flushes it.
void say(std::ostream& out, std::string_view certificate, std::string_view text);

// Logs, once each, what the file system does not support and the program can do without.
void log_warnings(PosixFilesystem& filesystem, const EventLog& log);

// The objects for renewals of one certificate. Not movable: the context refers to the gateway.
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
