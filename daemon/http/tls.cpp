#include "http/tls.hpp"

#include <string_view>

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "certificate/ca_file.hpp"
#include "certificate/certificate.hpp"
#include "core/filesystem.hpp"
#include "core/try.hpp"

namespace renewd::http {
namespace {

namespace asio = boost::asio;
namespace ssl = asio::ssl;

// For TLS 1.2, the same guarantees as in 1.3: forward secrecy and authenticated encryption.
constexpr const char* kCiphers = "ECDHE+AESGCM:ECDHE+CHACHA20";

std::string last_openssl_error() {
  const unsigned long code = ERR_peek_last_error();
  const char* reason = ERR_reason_error_string(code);
  std::string text = reason != nullptr ? reason : fmt::format("OpenSSL error {:x}", code);
  ERR_clear_error();
  return text;
}

// OpenSSL itself would wait for ever for the writer of a FIFO.
Result<void> trust_file(ssl::context& context, const std::filesystem::path& file) {
  auto trusted = certificate::read_ca_file(PosixFilesystem(), file, certificate::Peer::server);
  if (!trusted) {
    trusted.error().kind = ErrorKind::tls;
    return tl::unexpected(std::move(trusted.error()));
  }
  X509_STORE* const store = SSL_CTX_get_cert_store(context.native_handle());  // borrowed
  for (const auto& authority : *trusted) {
    if (X509_STORE_add_cert(store, authority.get()) != 1) {
      return failure(ErrorKind::tls, fmt::format("trusting {}: {}", authority.subject(), last_openssl_error()));
    }
  }
  return {};
}

Result<void> trust_system(ssl::context& context) {
  boost::system::error_code error;
  context.set_default_verify_paths(error);
  ERR_clear_error();  // default paths that do not exist leave entries behind
  if (error) {
    return failure(ErrorKind::tls, "reading trusted certificates from the system's default paths: " + error.message());
  }
  return {};
}

}  // namespace

Result<ssl::context> make_tls_context(const std::optional<std::filesystem::path>& ca_file) {
  ssl::context context(ssl::context::tls_client);
  SSL_CTX* const native = context.native_handle();
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION);
  if (SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION) != 1 || SSL_CTX_set_cipher_list(native, kCiphers) != 1) {
    return failure(ErrorKind::tls,
                   "OpenSSL does not support the required TLS versions and ciphers: " + last_openssl_error());
  }
  TRY(ca_file ? trust_file(context, *ca_file) : trust_system(context));
  // The trusted certificate may be an intermediate one, such as the issuer of the cloud's certificate.
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(native), X509_V_FLAG_PARTIAL_CHAIN);
  context.set_verify_mode(ssl::verify_peer);
  return context;
}

Result<void> expect_host(TlsStream& stream, const Url& url) {
  SSL* const connection = stream.native_handle();
  X509_VERIFY_PARAM* const parameters = SSL_get0_param(connection);  // borrowed
  X509_VERIFY_PARAM_set_hostflags(parameters,
                                  X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  bool set = false;
  if (url.host_is_address()) {
    set = X509_VERIFY_PARAM_set1_ip_asc(parameters, url.host.c_str()) == 1;
  } else {
    // SSL_set_tlsext_host_name is a macro with a C cast in it.
    std::string name = url.host;
    set = SSL_ctrl(connection, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data()) == 1 &&
          X509_VERIFY_PARAM_set1_host(parameters, url.host.data(), url.host.size()) == 1;
  }
  if (!set) {
    return failure(ErrorKind::tls, fmt::format("cannot verify the host name {}: {}", url.host, last_openssl_error()));
  }
  return {};
}

namespace {

bool is_about_time(long verdict) {
  return verdict == X509_V_ERR_CERT_HAS_EXPIRED || verdict == X509_V_ERR_CERT_NOT_YET_VALID;
}

// A certificate that this host's clock refuses must not be trusted on that account.
std::string advice_on_certificate(long verdict, const std::optional<std::filesystem::path>& ca_file) {
  switch (verdict) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "check this host's clock with timedatectl; if it is right, the certificate of the server (or of the proxy "
             "that intercepts TLS) must be renewed there: nothing on this host helps";
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      return ca_file ? fmt::format(
                           "if a proxy that intercepts TLS issued it, add the proxy's CA to {} (http.ca_file); "
                           "otherwise remove that key, which keeps this host's own CAs from being trusted; "
                           "then systemctl reload gravitee-renewd",
                           ca_file->string())
                     : "if a proxy that intercepts TLS issued it, set http.ca_file to a file with the proxy's CA; "
                       "otherwise update the package ca-certificates";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "compare the host in the URL with the subject alternative names of the server's certificate (the common "
             "name is ignored): the URL is wrong, or a proxy answers in the server's place";
    default:
      return "";
  }
}

}  // namespace

std::shared_ptr<const std::string> note_issuer(TlsStream& stream) {
  auto issuer = std::make_shared<std::string>();
  stream.set_verify_callback([issuer](bool accepted, ssl::verify_context& verification) {
    X509* const certificate = X509_STORE_CTX_get0_cert(verification.native_handle());  // borrowed
    if (!accepted && certificate != nullptr && X509_up_ref(certificate) == 1) {
      *issuer = certificate::Certificate(certificate).issuer();
    }
    return accepted;
  });
  return issuer;
}

Error explain_handshake(TlsStream& stream, const boost::system::error_code& error, const std::string& issuer,
                        const std::optional<std::filesystem::path>& ca_file) {
  ERR_clear_error();
  const long verdict = SSL_get_verify_result(stream.native_handle());
  if (verdict != X509_V_OK) {
    return with_advice({ErrorKind::tls, fmt::format("the server's certificate is not {}: {} (issued by {})",
                                                    is_about_time(verdict) ? "valid by this host's clock" : "trusted",
                                                    X509_verify_cert_error_string(verdict), issuer)},
                       advice_on_certificate(verdict, ca_file));
  }
  const bool is_reset = error == asio::error::connection_reset || error == asio::error::broken_pipe;
  if (is_reset || error == asio::error::eof || error == ssl::error::stream_truncated) {
    return with_advice(
        {ErrorKind::tls,
         fmt::format("the server {} the connection during the handshake", is_reset ? "reset" : "closed")},
        "find out what closes TLS connections on the way, such as a firewall: curl -v with the URL of the "
        "server shows the same");
  }
  return {ErrorKind::tls, error.message()};
}

bool is_tls_error(const boost::system::error_code& error) {
  return error.category() == asio::error::get_ssl_category();
}

}  // namespace renewd::http
