// TLS 1.2 (only with forward secrecy and authenticated encryption) or later, without renegotiation. The certificate
// must chain to the system's CA certificates (or only to those in a CA file), and its subject alternative names must
// contain the host's name or address (RFC 9525: the common name is ignored).
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include "core/error.hpp"
#include "http/url.hpp"

namespace renewd::http {

using TlsStream = boost::asio::ssl::stream<boost::asio::ip::tcp::socket>;

// Without a CA file, uses OpenSSL's default paths: the distribution's, or SSL_CERT_FILE and SSL_CERT_DIR. A CA file
// must be a regular file of at most 1 MiB. Errors: tls.
Result<boost::asio::ssl::context> make_tls_context(const std::optional<std::filesystem::path>& ca_file);

// Sets the host for SNI (RFC 6066: only names) and for the verification. Errors: tls.
Result<void> expect_host(TlsStream& stream, const Url& url);

// Filled with the issuer of the server's certificate when OpenSSL refuses it: the name of the CA of a proxy that
// intercepts TLS. Call it before the handshake, since OpenSSL does not keep a certificate that it refuses.
std::shared_ptr<const std::string> note_issuer(TlsStream& stream);

// Why a handshake failed with the CAs that make_tls_context() trusts, and what to do about that. Error kind: tls.
Error explain_handshake(TlsStream& stream, const boost::system::error_code& error, const std::string& issuer,
                        const std::optional<std::filesystem::path>& ca_file);

// An error of TLS itself (an alert, an invalid record) rather than of the connection.
bool is_tls_error(const boost::system::error_code& error);

}  // namespace renewd::http
