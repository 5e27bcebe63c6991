#include "commands/required_permissions.hpp"

#include <grp.h>
#include <pwd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include <fmt/format.h>

namespace renewd::commands {
namespace {

namespace fs = std::filesystem;
using configuration::CertificateSettings;
using configuration::RenewMode;

constexpr auto kStockUser = "gravitee";
constexpr auto kCredentialStore = "/etc/credstore";
constexpr auto kDefaultState = "/var/lib/gravitee-renewd";

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
  into.user = kStockUser;
  into.group = kStockUser;
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

// In a process of its own, which becomes the user for good: with its groups, and whatever ACLs there are.
bool may(const passwd& user, const fs::path& path, int what) {
  const pid_t child = ::fork();
  if (child == 0) {
    const bool is_user =
        ::initgroups(user.pw_name, user.pw_gid) == 0 && ::setgid(user.pw_gid) == 0 && ::setuid(user.pw_uid) == 0;
    ::_exit(is_user && ::access(path.c_str(), what) == 0 ? 0 : 1);
  }
  int status = 0;
  return child > 0 && ::waitpid(child, &status, 0) == child && status == 0;
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
  if (settings.state_directory != kDefaultState) {
    add_once(permissions.writable, settings.state_directory);
  }
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
  const passwd* user = ::geteuid() == 0 ? ::getpwnam(permissions.user.c_str()) : nullptr;
  if (user == nullptr) {
    return missing;
  }
  const auto must_read = [&](const fs::path& file) {
    if (!may(*user, file, R_OK)) {
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
    if (!may(*user, directory, W_OK | X_OK)) {
      add_once(missing, fmt::format("{} may not write to {}", permissions.user, directory.string()));
    }
  }
  return missing;
}

}  // namespace renewd::commands
