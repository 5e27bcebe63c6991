#include "renewal/installed.hpp"

#include <utility>

#include <fmt/format.h>

#include "certificate/ca_file.hpp"
#include "installation/installer.hpp"

namespace renewd::renewal {
namespace {

// Whether a file of this format may be where the operator expects one of that type.
bool fits(certificate::Format format, configuration::KeystoreType type) {
  using certificate::Format;
  switch (type) {
    case configuration::KeystoreType::automatic:
      return format == Format::pkcs12 || format == Format::jks || format == Format::pem;
    case configuration::KeystoreType::pkcs12:
      return format == Format::pkcs12;
    case configuration::KeystoreType::jks:
      // A JDK opens PKCS#12 under type JKS, and a renewed keystore is one.
      return format == Format::jks || format == Format::pkcs12;
    case configuration::KeystoreType::pem:
      return format == Format::pem;
  }
  return false;
}

}  // namespace

Result<Installed> open_installed(std::string bytes, const configuration::KeystoreSettings& settings) {
  Secret password;
  if (settings.password) {
    auto secret = read_secret(*settings.password);
    if (!secret) {
      // Nobody refused us: it is a file of this host that is missing.
      return failure(ErrorKind::disk, "its password: " + secret.error().message);
    }
    password = std::move(*secret);
  }
  auto keystore = certificate::open_keystore(bytes, password);
  if (!keystore) {
    const bool refused = settings.password && keystore.error().problem == certificate::KeystoreProblem::wrong_password;
    return failure(ErrorKind::disk, keystore.error().message +
                                        (refused ? "; keystore.password must be the one that gravitee.yml has" : ""));
  }
  if (!fits(keystore->format, settings.type)) {
    return failure(ErrorKind::disk, fmt::format("it is {}, which keystore.type does not allow",
                                                certificate::display_name(keystore->format)));
  }
  return Installed{std::move(bytes), std::move(*keystore), std::move(password)};
}

Result<Installed> read_installed(const Filesystem& filesystem, const configuration::KeystoreSettings& settings) {
  const std::string doing = fmt::format("opening the keystore {}", settings.path.string());
  auto bytes = filesystem.read(settings.path, installation::kKeystoreLimit);
  if (!bytes) {
    return tl::unexpected(with_context(doing, std::move(bytes.error())));
  }
  auto installed = open_installed(std::move(*bytes), settings);
  if (!installed) {
    return tl::unexpected(with_context(doing, std::move(installed.error())));
  }
  return installed;
}

Result<std::vector<certificate::Certificate>> read_trusted(const Filesystem& filesystem,
                                                           const configuration::KeystoreSettings& settings) {
  if (!settings.ca_file) {
    return std::vector<certificate::Certificate>();
  }
  auto trusted = certificate::read_ca_file(filesystem, *settings.ca_file, certificate::Peer::client);
  if (!trusted) {
    return tl::unexpected(with_context("keystore.ca_file", std::move(trusted.error())));
  }
  return trusted;
}

}  // namespace renewd::renewal
