#include "commands/required_permissions.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <string_view>
#include <variant>

#include <fmt/format.h>

#include "commands/service_user.hpp"
#include "core/add_once.hpp"
#include "core/advice.hpp"
#include "core/text.hpp"
#include "core/try.hpp"
#include "setup/unit_files.hpp"
#include "setup/unit_names.hpp"

namespace renewd::commands {
namespace {

namespace fs = std::filesystem;
using configuration::CertificateSettings;
using configuration::RenewMode;

constexpr auto kStateDirectory = "/var/lib/gravitee-renewd";
constexpr auto kRuntimeDirectory = "/run/gravitee-renewd";

// Whether LoadCredential= (systemd.exec(5)) can name it.
bool is_credential_name(std::string_view name) {
  return std::ranges::all_of(name, [](char c) { return is_alphanumeric_or(c, "-_.@"); });
}

// An error for a path that systemd would change, by removing quotes, backslashes and escapes.
Result<void> check_unit_path(const fs::path& path) {
  const std::string text = path.string();
  const bool plain = std::ranges::none_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return c == '"' || c == '\'' || c == '\\' || byte < 0x20 || byte == 0x7F;
  });
  return plain ? Result<void>()
               : failure(ErrorKind::disk,
                         fmt::format("ReadWritePaths= of a unit cannot contain {}, because it has a quote, a backslash "
                                     "or a control character; use another directory",
                                     printable(text, 500)));
}

Result<void> add_directory(const fs::path& directory, std::vector<fs::path>& to) {
  return check_unit_path(directory).map([&] { add_once(to, directory); });
}

// The units that read the keystore.
std::vector<std::string> units_of(const configuration::GatewaySettings& gateway) {
  if (const auto* systemd = std::get_if<configuration::SystemdGateway>(&gateway.action)) {
    return systemd->units;
  }
  const auto* signal = std::get_if<configuration::SignalGateway>(&gateway.action);
  const auto* unit = signal == nullptr ? nullptr : std::get_if<std::string>(&signal->target);
  return unit == nullptr ? std::vector<std::string>() : std::vector{*unit};
}

// The user of the first of these units that is installed.
std::optional<User> gateway_user(const configuration::GatewaySettings& gateway, const setup::HostFiles& host) {
  for (const auto& name : units_of(gateway)) {
    const auto unit = setup::read_service_unit(host, name);
    if (auto user = unit ? user_of(*unit) : failure(ErrorKind::disk, name + " is not installed")) {
      return std::move(*user);
    }
  }
  return std::nullopt;
}

// The directories that all users of a host share.
bool is_shared(const fs::path& directory) {
  constexpr std::array<std::string_view, 6> kSystem{"etc", "home", "lib", "run", "usr", "var"};
  const auto names = std::distance(directory.begin(), directory.end()) - 1;
  return names < 2 || (names == 2 && std::ranges::find(kSystem, *std::next(directory.begin())) != kSystem.end());
}

// The sandbox resolves ReadWritePaths= when the service starts. Gravitee's packages keep the versions beside the link
// to the present one (gateway -> gateway-4.9.0), and an upgrade changes the link: the directory of both stays right.
Result<void> add_links(const fs::path& path, const fs::path& real, const Filesystem& filesystem, Permissions& into) {
  if (path.parent_path() == real.parent_path()) {
    return {};
  }
  fs::path at;
  for (const auto& name : path.parent_path()) {
    at /= name;
    std::error_code error;
    if (!fs::is_symlink(at, error)) {
      continue;
    }
    const auto target = filesystem.canonical(at);
    const auto beside = filesystem.canonical(at.parent_path());
    if (target && beside && target->parent_path() == *beside && !is_shared(*beside)) {
      return add_directory(*beside, into.linked);
    }
    add_once(into.pinned, at);
  }
  return add_directory(path.parent_path(), into.linked);
}

// Adds the directory that contains the keystore, and the transfer to the service's user.
Result<void> add_keystore(const CertificateSettings& certificate, const setup::HostFiles& host,
                          const Filesystem& filesystem, const User& user, Permissions& into) {
  const fs::path& path = certificate.keystore.path;
  const auto real = filesystem.canonical(path);
  TRY_LET(const auto attributes, real ? filesystem.attributes(*real) : tl::unexpected(real.error()));
  const KeystoreUse& use =
      into.keystores.emplace_back(KeystoreUse{certificate.name, path, gateway_user(certificate.gateway, host)});
  gid_t group = attributes.group;
  if (attributes.owner != user.id) {
    TRY_LET(auto keystore, plan_transfer(use, user));
    group = keystore.group;
    into.transfers.push_back(std::move(keystore));
  } else if (const auto around = filesystem.attributes(real->parent_path());
             group != user.group && around && !around->sets_group) {
    into.changes_group = true;
  }
  // Other files of the gateway (its log, parent directories) may be accessible to its group only.
  if (group != 0 && std::ranges::find(user.groups, group) == user.groups.end()) {
    add_once(into.groups, group_name(group));
  }
  return add_directory(real->parent_path(), into.writable).and_then([&] {
    return add_links(path, *real, filesystem, into);
  });
}

void add_gateway(const configuration::GatewaySettings& gateway, const setup::HostFiles& host, Permissions& into) {
  for (const auto& unit : units_of(gateway)) {
    if (std::holds_alternative<configuration::SystemdGateway>(gateway.action)) {
      add_once(into.units, setup::identify_unit(host, unit).name);
    }
  }
  if (gateway.log_probe && std::holds_alternative<std::string>(gateway.log_probe->target)) {
    add_once(into.groups, std::string("systemd-journal"));
  }
}

// A service that shares the gateway's user gets the group gravitee-renewd, which can read the configuration and its
// secrets, in addition. The gateway is not in it.
Result<void> set_user(const User& user, Permissions& into) {
  if (user.id == 0) {
    return failure(ErrorKind::disk,
                   "the service must not run as root; pass another user with --user, to whom the keystore can belong");
  }
  into.user = user.name;
  into.group = group_name(user.group);
  const auto own = find_group(std::string(kServiceUser));
  if (own && user.name != kServiceUser && std::ranges::find(user.groups, *own) == user.groups.end()) {
    into.groups.emplace_back(kServiceUser);
  }
  return {};
}

// The unit itself makes its StateDirectory= and RuntimeDirectory= writable.
Result<void> add_unless(std::string_view units_own, const fs::path& directory, Permissions& into) {
  return directory == units_own ? Result<void>() : add_directory(directory, into.writable);
}

Result<void> add_metrics(const configuration::MetricsSettings& metrics, Permissions& into) {
  const auto* socket = metrics.listen ? std::get_if<fs::path>(&*metrics.listen) : nullptr;
  Result<void> added =
      metrics.textfile ? add_directory(metrics.textfile->parent_path(), into.writable) : Result<void>();
  return socket == nullptr ? added
                           : added.and_then([&] { return add_unless(kRuntimeDirectory, socket->parent_path(), into); });
}

}  // namespace

Result<Permissions> required_permissions(const configuration::Settings& settings, const Filesystem& filesystem,
                                         const User& user, const fs::path& root) {
  const setup::HostFiles host(filesystem, root);
  Permissions permissions;
  TRY(set_user(user, permissions));
  for (const auto& certificate : settings.certificates) {
    if (certificate.renew == RenewMode::never) {
      continue;  // only read
    }
    if (auto added = add_keystore(certificate, host, filesystem, user, permissions); !added) {
      return tl::unexpected(with_context(certificate.name, std::move(added.error())));
    }
    add_gateway(certificate.gateway, host, permissions);
  }
  if (auto added = add_unless(kStateDirectory, settings.state_directory, permissions).and_then([&] {
        return add_metrics(settings.metrics, permissions);
      });
      !added) {
    return tl::unexpected(std::move(added.error()));
  }
  std::vector<SecretSource> secrets;
  for_each_secret(settings, [&secrets](const SecretSource& secret, std::string_view) { secrets.push_back(secret); });
  for (const auto& secret : secrets) {
    if (secret.kind != SecretSource::Kind::credential) {
      continue;
    }
    if (!is_credential_name(secret.name)) {
      return failure(ErrorKind::disk, "systemd does not support the credential name " + secret.name);
    }
    add_once(permissions.credentials, secret.name);
  }
  return permissions;
}

}  // namespace renewd::commands
