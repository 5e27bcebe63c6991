// The real objects behind one certificate.
#pragma once

#include <memory>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/thread_pool.hpp>

#include "configuration/settings.hpp"
#include "core/clock.hpp"
#include "core/event_log.hpp"
#include "core/filesystem.hpp"
#include "gateway/gateway.hpp"
#include "http/http_client.hpp"
#include "keystore/file_store.hpp"
#include "renewal/context.hpp"
#include "source/cloud_source.hpp"

namespace renewd::supervision {

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

}  // namespace renewd::supervision
