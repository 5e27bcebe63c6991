#include "commands/required_permissions.hpp"

#include <unistd.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <variant>

#include <fmt/format.h>

#include "core/file_access.hpp"
#include "core/text.hpp"
#include "core/try.hpp"
#include "setup/unit_names.hpp"

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

std::vector<SecretSource> all_secrets(const configuration::Settings& settings) {
  std::vector<SecretSource> secrets;
  for_each_secret(settings, [&secrets](const SecretSource& secret, std::string_view) { secrets.push_back(secret); });
  return secrets;
}

// For systemd (systemd.exec(5), LoadCredential=) and in a unit file.
bool is_credential_name(std::string_view name) {
  return std::ranges::all_of(name, [](char c) { return is_plain(c) && c != ':' && c != '/'; });
}

// Whether a unit file can name this path: systemd would interpret quotes, backslashes and escapes.
Result<void> check_unit_path(const fs::path& path) {
  const std::string text = path.string();
  const bool plain = std::ranges::none_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return c == '"' || c == '\'' || c == '\\' || byte < 0x20 || byte == 0x7F;
  });
  return plain
             ? Result<void>()
             : failure(ErrorKind::disk,
                       fmt::format("ReadWritePaths= of a unit cannot name {}, which contains a quote, a backslash or a "
                                   "control character; use another directory",
                                   printable(text, 500)));
}

Result<void> add_directory(const fs::path& directory, std::vector<fs::path>& to) {
  return check_unit_path(directory).map([&] { add_once(to, directory); });
}

// Adds the keystore's real directory, and the configured one if a link leads from there to the real one.
Result<void> add_keystore(const CertificateSettings& certificate, const Filesystem& filesystem, const User& user,
                          Permissions& into) {
  const fs::path& path = certificate.keystore.path;
  TRY_LET(const fs::path real, filesystem.canonical(path));
  TRY_LET(const auto attributes, filesystem.attributes(real));
  gid_t group = attributes.group;
  if (attributes.owner != user.id) {
    TRY_LET(auto change, plan_ownership_change(path, user));
    group = change.group;
    into.ownership_changes.emplace_back(certificate.name, std::move(change));
  } else if (const auto around = filesystem.attributes(real.parent_path());
             group != user.group && around && !around->sets_group) {
    into.changes_group = true;
  }
  // Only the gateway's group may have access to its log and to the directories above.
  if (group != 0 && std::ranges::find(user.groups, group) == user.groups.end()) {
    add_once(into.groups, name_of_group(group));
  }
  TRY(add_directory(real.parent_path(), into.writable));
  return path.parent_path() == real.parent_path() ? Result<void>() : add_directory(path.parent_path(), into.linked);
}

void add_gateway(const configuration::GatewaySettings& gateway, const setup::HostFiles& host, Permissions& into) {
  if (const auto* systemd = std::get_if<configuration::SystemdGateway>(&gateway.action)) {
    for (const auto& unit : systemd->units) {
      add_once(into.units, setup::identify_unit(host, unit).name);
    }
  }
  if (gateway.log_probe && std::holds_alternative<std::string>(gateway.log_probe->target)) {
    add_once(into.groups, std::string("systemd-journal"));
  }
}

// A service that shares the gateway's user needs the service's own group, which can read the configuration and its
// secrets; the gateway is not in it.
Result<void> set_user(const User& user, Permissions& into) {
  if (user.id == 0) {
    return failure(ErrorKind::disk, "refusing to run the service as root: give the keystore to another user");
  }
  into.user = user.name;
  into.group = name_of_group(user.group);
  const auto own = find_group(std::string(kServiceUser));
  if (own && user.name != kServiceUser && std::ranges::find(user.groups, *own) == user.groups.end()) {
    into.groups.emplace_back(kServiceUser);
  }
  return {};
}

// StateDirectory= and RuntimeDirectory= of the unit are writable already.
Result<void> add_unless(std::string_view default_directory, const fs::path& directory, Permissions& into) {
  return directory == default_directory ? Result<void>() : add_directory(directory, into.writable);
}

Result<void> add_metrics(const configuration::MetricsSettings& metrics, Permissions& into) {
  if (metrics.textfile) {
    TRY(add_directory(metrics.textfile->parent_path(), into.writable));
  }
  const auto* socket = metrics.listen ? std::get_if<fs::path>(&*metrics.listen) : nullptr;
  return socket == nullptr ? Result<void>() : add_unless(kRuntimeDirectory, socket->parent_path(), into);
}

}  // namespace

Result<Permissions> required_permissions(const configuration::Settings& settings, const Filesystem& filesystem,
                                         const User& user, const fs::path& root) {
  const setup::HostFiles host(filesystem, root);
  Permissions permissions;
  TRY(set_user(user, permissions));
  for (const auto& certificate : settings.certificates) {
    if (certificate.renew == RenewMode::never) {
      continue;  // the daemon only reads it
    }
    TRY(add_keystore(certificate, filesystem, user, permissions).map_error([&certificate](Error error) {
      return with_context(certificate.name, std::move(error));
    }));
    add_gateway(certificate.gateway, host, permissions);
  }
  TRY(add_unless(kStateDirectory, settings.state_directory, permissions));
  TRY(add_metrics(settings.metrics, permissions));
  for (const auto& secret : all_secrets(settings)) {
    if (secret.kind != SecretSource::Kind::credential) {
      continue;
    }
    if (!is_credential_name(secret.name)) {
      return failure(ErrorKind::disk, "systemd does not accept the credential name " + secret.name);
    }
    add_once(permissions.credentials, secret.name);
  }
  return permissions;
}

std::vector<std::string> missing_access(const configuration::Settings& settings, const fs::path& configuration,
                                        const Permissions& permissions) {
  std::vector<std::string> missing;
  auto user = find_user(permissions.user);
  if (::geteuid() != 0 || !user) {
    return missing;
  }
  for (const auto& name : permissions.groups) {
    if (const auto group = find_group(name)) {
      user->groups.push_back(*group);
    }
  }
  const auto must_read = [&](const fs::path& file) {
    if (!check_access(*user, file, R_OK)) {
      add_once(missing, fmt::format("{} may not read {}", permissions.user, file.string()));
    }
  };
  must_read(configuration);
  for (const auto& secret : all_secrets(settings)) {
    if (secret.kind == SecretSource::Kind::file) {
      must_read(secret.name);
    } else if (const fs::path stored = fs::path(kCredentialStore) / secret.name;
               secret.kind == SecretSource::Kind::credential && !fs::exists(stored)) {
      add_once(missing, fmt::format("{} does not exist", stored.string()));
    }
  }
  for (const auto& certificate : settings.certificates) {
    if (permissions.user == kServiceUser && certificate.renew != RenewMode::never &&
        std::holds_alternative<configuration::SignalGateway>(certificate.gateway.action)) {
      add_once(missing,
               fmt::format("{}: {} may not send a signal to the gateway's process: use `systemd` or `command`, or "
                           "let the service share the gateway's user (--user)",
                           certificate.name, permissions.user));
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
