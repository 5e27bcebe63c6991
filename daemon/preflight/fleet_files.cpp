// The part of HostFiles about `fleet`: the keys, etcd's password, and the files for TLS with etcd.
#include <sys/stat.h>

#include <string>

#include <fmt/format.h>

#include "certificate/keystore.hpp"
#include "core/try.hpp"
#include "fleet/sealed.hpp"
#include "preflight/host_files.hpp"

namespace renewd::preflight {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kClientCertificate = "etcd's client certificate";

Result<Secret> read_fleet_key(const SecretSource& source) {
  TRY_LET(auto secret, read_secret(source));
  return fleet::FleetKey::parse(secret).map([&secret](const fleet::FleetKey&) { return secret; });
}

// Empty if it cannot be read, which has been reported.
std::string id_of(const SecretSource& source) {
  const auto secret = read_secret(source);
  const auto key = secret ? fleet::FleetKey::parse(*secret) : tl::unexpected(secret.error());
  return key ? key->id() : "";
}

}  // namespace

void HostFiles::check_client_certificate(const configuration::EtcdSettings& settings) {
  const fs::path& file = *settings.cert_file;
  const fs::path& key = *settings.key_file;
  const bool key_is_readable = check_visible("fleet.etcd.key_file", "etcd's client key", key) &&
                               check_secret_readable("fleet.etcd.key_file", "etcd's client key", key, Sharing::none);
  check_readers("fleet.etcd.key_file", "etcd's client key", key);
  check_writers("fleet.etcd.key_file", "etcd's client key", key);
  if (!check_visible("fleet.etcd.cert_file", kClientCertificate, file) ||
      !check_readable("fleet.etcd.cert_file", kClientCertificate, file) || !key_is_readable) {
    return;
  }
  const auto certificates = filesystem_.read(file, certificate::kKeystoreLimit);
  const auto private_key = filesystem_.read(key, certificate::kKeystoreLimit);
  for (const auto& [name, bytes] : {std::pair("cert_file", &certificates), {"key_file", &private_key}}) {
    if (!*bytes) {
      warn(fmt::format("fleet.etcd.{}", name),
           fmt::format("etcd's client certificate or its key cannot be used: {}", bytes->error().message));
    }
  }
  if (!certificates || !private_key) {
    return;
  }
  const auto both = certificate::open_keystore(*certificates + "\n" + *private_key, Secret());
  if (!both) {
    warn("fleet.etcd.cert_file", fmt::format("{} and its key cannot be used: {}, {}: {}", kClientCertificate,
                                             file.string(), key.string(), both.error().message));
    return;
  }
  if (!both->key || !both->certificate.belongs_to(*both->key)) {
    warn("fleet.etcd.cert_file", fmt::format("`fleet.etcd.key_file` is not the key of {}", file.string()));
  }
  if (both->certificate.not_after() <= now_) {
    warn("fleet.etcd.cert_file", fmt::format("{} has expired: {}", kClientCertificate, file.string()));
  }
  if (settings.username && !both->certificate.common_name().empty()) {
    warn("fleet.etcd.cert_file",
         fmt::format("{} has a CN, with which etcd's gateway refuses a user name and password: {}; issue one without "
                     "CN (openssl req -subj \"/O=gravitee-renewd\")",
                     kClientCertificate, file.string()));
  }
}

void HostFiles::check_fleet(const configuration::EtcdSettings& settings) {
  check_bundle("fleet.etcd.ca_file", settings.ca_file, certificate::Peer::server);
  check_closed_secret("fleet.etcd.password", "etcd's password", settings.password);
  const bool key = check_closed_secret("fleet.etcd.key", "the fleet key", settings.key, read_fleet_key);
  const bool second =
      check_closed_secret("fleet.etcd.second_key", "the second fleet key", settings.second_key, read_fleet_key);
  if (key && second && settings.key && settings.second_key && id_of(*settings.key) == id_of(*settings.second_key)) {
    warn("fleet.etcd.second_key",
         "the second fleet key is the same as `fleet.etcd.key`; outside of a key rotation, "
         "remove it");
  }
  if (settings.cert_file && settings.key_file) {
    check_client_certificate(settings);
  }
}

}  // namespace renewd::preflight
