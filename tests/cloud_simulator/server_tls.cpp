#include "server_tls.hpp"

#include <sys/stat.h>

#include <optional>

#include "authority.hpp"
#include "containers.hpp"
#include "issuer.hpp"

namespace renewd::simulator {
namespace {

using std::chrono::days;

Validity server_validity(Fault fault) {
  const auto now = std::chrono::system_clock::now();
  if (fault == Fault::expired_server) {
    return {now - days(30), now - days(1)};
  }
  return {now - days(1), now + days(500)};
}

}  // namespace

boost::asio::ssl::context make_tls_context(const std::filesystem::path& directory, Fault fault) {
  const Authority known("Server authority", "ec:P-256");
  write_file(directory / "ca.pem", pem({known.certificate(), nullptr, nullptr}));
  const Authority unknown("Unknown authority", "ec:P-256");
  const Authority& authority = fault == Fault::unknown_ca ? unknown : known;

  const EvpPkeyPtr key = generate_key("ec:P-256");
  const std::string names = fault == Fault::wrong_host ? "DNS:elsewhere.invalid,IP:192.0.2.1"
                                                       : "DNS:localhost,IP:127.0.0.1,IP:0.0.0.0,IP:0:0:0:0:0:0:0:1";
  const X509Ptr certificate = authority.issue_server(names, server_validity(fault), key.get());
  write_file(directory / "server.pem", pem({certificate.get(), nullptr, nullptr}));
  write_file(directory / "server.key", pem({nullptr, key.get(), nullptr}));
  ::chmod((directory / "server.key").c_str(), 0600);

  boost::asio::ssl::context context(boost::asio::ssl::context::tls_server);
  SSL_CTX* native = context.native_handle();  // borrowed
  require(SSL_CTX_use_certificate(native, certificate.get()) == 1 && SSL_CTX_use_PrivateKey(native, key.get()) == 1,
          "using the server's certificate");
  if (fault == Fault::tls11_only) {
    require(SSL_CTX_set_min_proto_version(native, TLS1_VERSION) == 1 &&
                SSL_CTX_set_max_proto_version(native, TLS1_1_VERSION) == 1 &&
                SSL_CTX_set_cipher_list(native, "ALL:@SECLEVEL=0") == 1,
            "going back to TLS 1.1");
  }
  return context;
}

}  // namespace renewd::simulator
