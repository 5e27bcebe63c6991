// Trust: whom the daemon takes for the cloud. TLS 1.2 (forward secrecy and authenticated encryption alone) or later, no
// renegotiation, the certificate verified against the system's trust (or one CA file alone) and against the host's name
// or address, which its subject alternative names must hold (RFC 9525: a common name names no host).
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include "core/error.hpp"
#include "http/url.hpp"

namespace renewd::http {

using TlsStream = boost::asio::ssl::stream<boost::asio::ip::tcp::socket>;

// Without a CA file: OpenSSL's default paths, which are the distribution's, or SSL_CERT_FILE and SSL_CERT_DIR. A CA
// file must be a regular file of at most 1 MiB. Errors: tls.
Result<boost::asio::ssl::context> make_tls_context(const std::optional<std::filesystem::path>& ca_file);

// Tells the server (SNI, RFC 6066: names only) and the verification which host is meant. Errors: tls.
Result<void> expect_host(TlsStream& stream, const Url& url);

// Why a handshake failed, for people: what is wrong with which certificate, or what the server or OpenSSL said.
std::string explain_handshake(TlsStream& stream, const boost::system::error_code& error);

// An error of the SSL layer itself (an alert, a bad record), not of the connection below.
bool is_tls_error(const boost::system::error_code& error);

}  // namespace renewd::http
