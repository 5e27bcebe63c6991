// The certificate with which this host identifies itself to a TLS server.
#pragma once

#include <filesystem>

#include <boost/asio/ssl/context.hpp>

#include "core/error.hpp"

namespace renewd::http {

struct ClientCertificate {
  std::filesystem::path cert_file;  // PEM: the certificate, then its chain
  std::filesystem::path key_file;   // PEM, not encrypted; may be the same file
};

// Reads both files, which must be regular and at most 64 KiB. The error (kind tls) names the file that is the cause.
Result<void> use_client_certificate(boost::asio::ssl::context& context, const ClientCertificate& files);

}  // namespace renewd::http
