#include "commands/required_permissions.hpp"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <variant>

#include <fmt/format.h>

#include "core/file_access.hpp"

namespace renewd::commands {
namespace {

namespace fs = std::filesystem;
using configuration::CertificateSettings;
using configuration::RenewMode;

constexpr auto kCredentialStore = "/etc/credstore";
constexpr auto kStateDirectory = "/var/lib/gravitee-renewd";
constexpr auto kRuntimeDirectory = "/run/gravitee-renewd";

template <typename T>
void add_once(std::vector<T>& list, T value) {
  if (std::ranges::find(list, value) == list.end()) {
    list.push_back(std::move(value));
  }
}

std::vector<SecretSource> secrets_of(const configuration::Settings& settings) {
  std::vector<SecretSource> secrets;
  const auto add = [&secrets](const std::optional<SecretSource>& secret) {
    if (secret) {
      secrets.push_back(*secret);
    }
  };
  add(settings.http.proxy_password);
  for (const auto& certificate : settings.certificates) {
    add(certificate.token);
    add(certificate.keystore.password);
    if (certificate.gateway.http_probe) {
      add(certificate.gateway.http_probe->password);
    }
  }
  return secrets;
}

// As systemd takes it (systemd.exec(5), LoadCredential=) and a unit file holds it.
bool is_credential_name(std::string_view name) {
  return std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-_.@").find(c) != std::string_view::npos;
  });
}

// Who must be able to replace the keystores.
struct Owner {
  std::optional<uid_t> user;
  std::vector<gid_t> groups;
};

// The keystore's directory as it is configured, which may lie below a link that an upgrade of the gateway changes, and
// the one that the file is really in.
Result<void> add_keystore(const CertificateSettings& certificate, const Filesystem& filesystem, Permissions& into,
                          Owner& owner) {
  const fs::path& path = certificate.keystore.path;
  const auto real = filesystem.canonical(path);
  const auto attributes = real ? filesystem.attributes(*real) : tl::unexpected(real.error());
  if (!attributes) {
    return tl::unexpected(with_context(certificate.name, attributes.error()));
  }
  if (owner.user && *owner.user != attributes->owner) {
    return failure(
        ErrorKind::disk,
        fmt::format("{}: {} belongs to uid {}, and the keystore of another certificate to uid {}; the daemon "
                    "runs as one user: give them one owner",
                    certificate.name, path.string(), attributes->owner, *owner.user));
  }
  owner.user = attributes->owner;
  add_once(owner.groups, attributes->group);
  add_once(into.writable, path.parent_path());
  add_once(into.writable, real->parent_path());
  return {};
}

void add_gateway(const configuration::GatewaySettings& gateway, Permissions& into) {
  if (const auto* systemd = std::get_if<configuration::SystemdGateway>(&gateway.action)) {
    for (const auto& unit : systemd->units) {
      add_once(into.units, unit);
    }
  }
  if (gateway.log_probe && std::holds_alternative<std::string>(gateway.log_probe->target)) {
    into.reads_journal = true;
  }
}

Result<void> set_user(const Owner& owner, Permissions& into) {
  into.user = kDefaultUser;
  into.group = kDefaultUser;
  if (!owner.user) {
    return {};
  }
  const passwd* user = ::getpwuid(*owner.user);
  if (user == nullptr) {
    return failure(ErrorKind::disk,
                   fmt::format("the keystore belongs to uid {}, which is no user of this host", *owner.user));
  }
  into.changes_group = std::ranges::any_of(owner.groups, [user](gid_t group) { return group != user->pw_gid; });
  into.user = user->pw_name;
  const group* primary = ::getgrgid(user->pw_gid);
  into.group = primary == nullptr ? std::to_string(user->pw_gid) : primary->gr_name;
  return {};
}

// What the unit makes by itself (StateDirectory=, RuntimeDirectory=) is writable to it.
void add_directory(const fs::path& directory, std::string_view of_unit, Permissions& into) {
  if (directory != of_unit) {
    add_once(into.writable, directory);
  }
}

void add_metrics(const configuration::MetricsSettings& metrics, Permissions& into) {
  if (metrics.textfile) {
    add_once(into.writable, metrics.textfile->parent_path());
  }
  const auto* socket = metrics.listen ? std::get_if<fs::path>(&*metrics.listen) : nullptr;
  if (socket != nullptr) {
    add_directory(socket->parent_path(), kRuntimeDirectory, into);
  }
}

}  // namespace

Result<Permissions> required_permissions(const configuration::Settings& settings, const Filesystem& filesystem) {
  Permissions permissions;
  Owner owner;
  for (const auto& certificate : settings.certificates) {
    if (certificate.renew == RenewMode::never) {
      continue;  // looked at, and nothing else
    }
    if (auto added = add_keystore(certificate, filesystem, permissions, owner); !added) {
      return tl::unexpected(std::move(added.error()));
    }
    add_gateway(certificate.gateway, permissions);
  }
  if (auto set = set_user(owner, permissions); !set) {
    return tl::unexpected(std::move(set.error()));
  }
  add_directory(settings.state_directory, kStateDirectory, permissions);
  add_metrics(settings.metrics, permissions);
  for (const auto& secret : secrets_of(settings)) {
    if (secret.kind != SecretSource::Kind::credential) {
      continue;
    }
    if (!is_credential_name(secret.name)) {
      return failure(ErrorKind::disk, "systemd takes no credential of the name " + secret.name);
    }
    add_once(permissions.credentials, secret.name);
  }
  return permissions;
}

std::vector<std::string> missing_access(const configuration::Settings& settings, const fs::path& configuration,
                                        const Permissions& permissions) {
  std::vector<std::string> missing;
  const auto user = find_user(permissions.user);
  if (::geteuid() != 0 || !user) {
    return missing;
  }
  const auto must_read = [&](const fs::path& file) {
    if (!check_access(*user, file, R_OK)) {
      add_once(missing, fmt::format("{} may not read {}", permissions.user, file.string()));
    }
  };
  must_read(configuration);
  for (const auto& secret : secrets_of(settings)) {
    if (secret.kind == SecretSource::Kind::file) {
      must_read(secret.name);
    } else if (const fs::path stored = fs::path(kCredentialStore) / secret.name;
               secret.kind == SecretSource::Kind::credential && !fs::exists(stored)) {
      add_once(missing, fmt::format("there is no {}", stored.string()));
    }
  }
  for (const auto& directory : permissions.writable) {
    if (!check_access(*user, directory, W_OK | X_OK)) {
      add_once(missing, fmt::format("{} may not write to {}", permissions.user, directory.string()));
    }
  }
  return missing;
}

}  // namespace renewd::commands
