#include "commands/missing_access.hpp"

#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "core/add_once.hpp"
#include "core/file_access.hpp"
#include "core/text.hpp"

namespace renewd::commands {
namespace {

namespace fs = std::filesystem;
using configuration::RenewMode;

constexpr auto kCredentialStore = "/etc/credstore";

struct FileToRead {
  fs::path path;
  bool is_secret = false;
};

std::vector<FileToRead> files_to_read(const configuration::Settings& settings, const fs::path& configuration) {
  std::vector<FileToRead> files{{configuration}};
  for_each_secret(settings, [&files](const SecretSource& secret, std::string_view) {
    if (secret.kind == SecretSource::Kind::file) {
      files.push_back({secret.name, true});
    }
  });
  if (const auto& etcd = settings.fleet.etcd) {
    for (const auto& file : {etcd->ca_file, etcd->cert_file}) {
      if (file) {
        files.push_back({*file});
      }
    }
    if (etcd->key_file) {
      files.push_back({*etcd->key_file, true});
    }
  }
  return files;
}

// The group that reads the configuration: never the gateway's, unless there is no other.
std::string group_of_files(const Permissions& permissions) {
  const bool shares = std::ranges::find(permissions.groups, kServiceUser) != permissions.groups.end();
  return shares ? std::string(kServiceUser) : permissions.group;
}

// "; run COMMANDS", or nothing for a missing file.
std::string reading_advice(const User& user, const Permissions& permissions, const fs::path& file, bool is_secret) {
  std::error_code error;
  const std::string group = group_of_files(permissions);
  if (!fs::exists(file, error)) {
    return "";
  }
  if (!check_access(user, file.parent_path(), X_OK)) {
    return fmt::format("; run chgrp {0} {1} && chmod g+x {1}", group, shell_quoted(file.parent_path().string()));
  }
  return is_secret ? fmt::format("; run chown {0} {1} && chmod 0600 {1}", permissions.user, shell_quoted(file.string()))
                   : fmt::format("; run chgrp {0} {1} && chmod g+r {1}", group, shell_quoted(file.string()));
}

}  // namespace

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
  for (const auto& [file, is_secret] : files_to_read(settings, configuration)) {
    if (const auto readable = check_access(*user, file, R_OK); !readable) {
      add_once(missing, fmt::format("{} cannot read {}: {}{}", permissions.user, file.string(),
                                    readable.error().message, reading_advice(*user, permissions, file, is_secret)));
    }
  }
  for_each_secret(settings, [&missing](const SecretSource& secret, std::string_view) {
    const fs::path stored = fs::path(kCredentialStore) / secret.name;
    if (secret.kind == SecretSource::Kind::credential && !fs::exists(stored)) {
      add_once(missing, fmt::format("{} does not exist", stored.string()));
    }
  });
  for (const auto& certificate : settings.certificates) {
    if (permissions.user == kServiceUser && certificate.renew != RenewMode::never &&
        std::holds_alternative<configuration::SignalGateway>(certificate.gateway.action)) {
      add_once(missing,
               fmt::format("{}: {} cannot send a signal to the gateway's process; use `systemd` or `command`, or let "
                           "the service run as the gateway's user (--user)",
                           certificate.name, permissions.user));
    }
  }
  for (const auto& directory : permissions.writable) {
    if (check_access(*user, directory, W_OK | X_OK)) {
      continue;
    }
    std::string text = fmt::format("{} cannot write to {}", permissions.user, directory.string());
    const auto use = std::ranges::find_if(permissions.keystores, [&directory](const KeystoreUse& keystore) {
      std::error_code error;
      return fs::canonical(keystore.keystore, error).parent_path() == directory;
    });
    const bool transferred = std::ranges::any_of(permissions.transfers, [&directory](const KeystoreTransfer& one) {
      return one.file.parent_path() == directory;
    });
    if (use != permissions.keystores.end() && !transferred) {
      text += "; " + owner_correction(*use, *user);
    }
    add_once(missing, std::move(text));
  }
  return missing;
}

std::vector<std::string> unreadable_for_gateway(const Permissions& permissions) {
  std::vector<std::string> unreadable;
  const auto service = find_user(permissions.user);
  for (const auto& use : permissions.keystores) {
    const bool known = ::geteuid() == 0 && service && use.gateway && use.gateway->id != 0;
    const auto readable = known ? check_access(use.gateway, use.keystore, R_OK) : Result<void>();
    if (readable) {
      continue;
    }
    std::error_code error;
    const fs::path above = fs::canonical(use.keystore, error).parent_path().parent_path();
    unreadable.push_back(fmt::format(
        "{}, the user of the gateway, cannot read {}: {}; {}", use.gateway->name, use.keystore.string(),
        readable.error().message,
        check_access(use.gateway, above, X_OK)
            ? owner_correction(use, *service)
            : fmt::format("allow this user to search every directory above it: namei -l {}", above.string())));
  }
  return unreadable;
}

}  // namespace renewd::commands
