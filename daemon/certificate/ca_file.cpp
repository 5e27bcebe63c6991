#include "certificate/ca_file.hpp"

#include <fmt/format.h>
#include <openssl/x509.h>

#include "certificate/keystore.hpp"

namespace renewd::certificate {
namespace {

tl::unexpected<Error> unusable(const std::filesystem::path& file, const std::string& why, std::string advice = "") {
  return failure(ErrorKind::disk, fmt::format("reading trusted certificates from {}: {}", file.string(), why),
                 advice.empty() ? "replace the file by a bundle of CA certificates in PEM" : std::move(advice));
}

// By trust settings, as of `openssl x509 -addreject serverAuth`. A certificate without them is never excluded.
bool is_excluded(const Certificate& certificate, Peer peer) {
  const int use = peer == Peer::server ? X509_TRUST_SSL_SERVER : X509_TRUST_SSL_CLIENT;
  return X509_check_trust(certificate.get(), use, 0) == X509_TRUST_REJECTED;
}

}  // namespace

Result<std::vector<Certificate>> read_ca_file(const Filesystem& filesystem, const std::filesystem::path& file,
                                              Peer peer) {
  const auto bytes = filesystem.read(file, kCaFileLimit);
  if (!bytes) {
    return unusable(file, bytes.error().message, bytes.error().advice);
  }
  auto trusted = read_bundle(*bytes);
  if (!trusted) {
    return unusable(file, trusted.error().message);
  }
  const std::size_t all = trusted->size();
  std::erase_if(*trusted, [peer](const Certificate& certificate) { return is_excluded(certificate, peer); });
  if (trusted->empty()) {
    return unusable(file, fmt::format("its trust settings (TRUSTED CERTIFICATE) exclude all of its {} certificates "
                                      "for TLS {}s",
                                      all, peer == Peer::server ? "server" : "client"));
  }
  return trusted;
}

}  // namespace renewd::certificate
