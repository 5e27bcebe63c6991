#include "keystore/store.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "certificate/ca_file.hpp"
#include "core/error_context.hpp"
#include "core/try.hpp"

namespace renewd::keystore {
namespace {

// A renewal needs the installed keystore and the one that takes its place.
constexpr std::size_t kContentsRemembered = 2;

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

Store::Content Store::content_of(std::string_view bytes, const Secret& password) {
  return {certificate::digest_of(bytes), certificate::digest_of(password.view())};
}

Result<Secret> Store::read_password() const {
  if (!settings_.password) {
    return Secret();
  }
  auto secret = read_secret(*settings_.password);
  if (!secret) {
    // Not class unauthorized: the cloud refused nothing, a file of this host is missing.
    const std::string& advice = secret.error().advice;
    return failure(ErrorKind::disk, "its password: " + secret.error().message,
                   !advice.empty()
                       ? advice
                       : fmt::format("store the password that opens the keystore, which gravitee.yml has, in {}",
                                     settings_.password->description()));
  }
  return secret;
}

Result<InstalledKeystore> Store::open(std::string bytes) {
  TRY_LET(Secret password, read_password());
  const Content content = content_of(bytes, password);
  const auto known = std::ranges::find(known_, content, &Known::content);
  if (known != known_.end()) {
    return InstalledKeystore{std::move(bytes), known->keystore, std::move(password)};
  }
  auto keystore = certificate::open_keystore(bytes, password);
  if (!keystore) {
    const bool refused = settings_.password && keystore.error().problem == certificate::KeystoreProblem::wrong_password;
    return failure(ErrorKind::disk,
                   keystore.error().message + (refused ? "; keystore.password must be the one in gravitee.yml" : ""),
                   refused ? fmt::format("write the password that opens the keystore, which gravitee.yml has, to {}",
                                         settings_.password->description())
                           : "");
  }
  if (!fits(keystore->format, settings_.type)) {
    return failure(
        ErrorKind::disk,
        fmt::format("it is {}, which keystore.type does not allow", certificate::display_name(keystore->format)),
        "set keystore.type to auto, or to the type of the file");
  }
  InstalledKeystore opened{std::move(bytes), std::move(*keystore), std::move(password)};
  remember(opened);
  opened.keystore.key.reset();
  return opened;
}

void Store::remember(const InstalledKeystore& opened) {
  Known known{content_of(opened.bytes, opened.password), opened.keystore};
  known.keystore.key.reset();
  std::erase_if(known_, [&known](const Known& other) { return other.content == known.content; });
  known_.insert(known_.begin(), std::move(known));
  if (known_.size() > kContentsRemembered) {
    known_.pop_back();
  }
}

Result<InstalledKeystore> Store::read() {
  return read_bytes()
      .and_then([this](std::string bytes) { return open(std::move(bytes)); })
      .map_error(in_context("opening the keystore " + describe()));
}

std::optional<certificate::PrivateKey> Store::private_key(const InstalledKeystore& installed) const {
  auto opened = certificate::open_keystore(installed.bytes, installed.password);
  return opened ? std::move(opened->key) : std::nullopt;
}

Result<std::vector<certificate::Certificate>> read_trusted(const Filesystem& filesystem,
                                                           const configuration::KeystoreSettings& settings) {
  if (!settings.ca_file) {
    return std::vector<certificate::Certificate>();
  }
  return certificate::read_ca_file(filesystem, *settings.ca_file, certificate::Peer::client)
      .map_error(in_context("keystore.ca_file"));
}

}  // namespace renewd::keystore
