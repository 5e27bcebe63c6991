#include "server_tls.hpp"

#include <sys/stat.h>

#include <optional>

#include "authority.hpp"
#include "containers.hpp"
#include "issuer.hpp"

namespace renewd::simulator {
namespace {

using std::chrono::days;

// Those of loopback, and of the networks that tests make.
constexpr const char* kNames =
    "DNS:localhost,IP:127.0.0.1,IP:0.0.0.0,IP:0:0:0:0:0:0:0:1,DNS:cloud.example,IP:198.51.100.1,IP:2001:db8:1:0:0:0:0:"
    "1";

Validity server_validity(Fault fault) {
  const auto now = std::chrono::system_clock::now();
  if (fault == Fault::expired_server) {
    return {now - days(30), now - days(1)};
  }
  return {now - days(1), now + days(500)};
}

boost::asio::ssl::context make_context(X509* certificate, EVP_PKEY* key) {
  boost::asio::ssl::context context(boost::asio::ssl::context::tls_server);
  SSL_CTX* native = context.native_handle();  // borrowed
  require(SSL_CTX_use_certificate(native, certificate) == 1 && SSL_CTX_use_PrivateKey(native, key) == 1,
          "using the server's certificate");
  return context;
}

void allow_only_tls11(boost::asio::ssl::context& context) {
  SSL_CTX* native = context.native_handle();  // borrowed
  require(SSL_CTX_set_min_proto_version(native, TLS1_VERSION) == 1 &&
              SSL_CTX_set_max_proto_version(native, TLS1_1_VERSION) == 1 &&
              SSL_CTX_set_cipher_list(native, "ALL:@SECLEVEL=0") == 1,
          "going back to TLS 1.1");
}

}  // namespace

TlsContexts make_tls_contexts(const std::filesystem::path& directory, Fault fault) {
  const Authority known("Server authority", "ec:P-256");
  write_file(directory / "ca.pem", pem({known.certificate(), nullptr, nullptr}));
  const EvpPkeyPtr good_key = generate_key("ec:P-256");
  const X509Ptr good = known.issue_server(kNames, server_validity(Fault::none), good_key.get());
  write_file(directory / "server.pem", pem({good.get(), nullptr, nullptr}));
  write_file(directory / "server.key", pem({nullptr, good_key.get(), nullptr}));
  ::chmod((directory / "server.key").c_str(), 0600);

  const bool is_unknown = fault == Fault::unknown_ca || fault == Fault::changed_authority;
  const Authority unknown("Unknown authority", "ec:P-256");
  const EvpPkeyPtr key = generate_key("ec:P-256");
  const X509Ptr certificate =
      (is_unknown ? unknown : known)
          .issue_server(fault == Fault::wrong_host ? "DNS:elsewhere.invalid,IP:192.0.2.1" : kNames,
                        server_validity(fault), key.get());
  TlsContexts contexts{make_context(good.get(), good_key.get()), make_context(certificate.get(), key.get())};
  if (fault == Fault::tls11_only) {
    allow_only_tls11(contexts.faulty);
  }
  return contexts;
}

}  // namespace renewd::simulator
