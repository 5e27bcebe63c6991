#include "commands/service_user.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "commands/keystore_owner.hpp"
#include "core/descriptor.hpp"
#include "core/filesystem.hpp"
#include "core/secret.hpp"
#include "core/trusted_path.hpp"
#include "core/try.hpp"
#include "gateway/system_bus.hpp"
#include "setup/host_files.hpp"
#include "state/paths.hpp"

namespace renewd::commands {
namespace {

namespace fs = std::filesystem;

// The file that the unit's command reads.
fs::path configuration_of(const setup::ServiceUnit& unit) {
  const auto& words = unit.command;
  for (auto word = words.begin(); word != words.end(); ++word) {
    if (*word == "--config" && std::next(word) != words.end()) {
      return *std::next(word);
    }
    if (word->starts_with("--config=")) {
      return word->substr(std::string_view("--config=").size());
    }
  }
  return kServiceConfiguration;
}

bool is_same_file(const fs::path& a, const fs::path& b) {
  std::error_code error;
  return a == b || fs::equivalent(a, b, error);
}

// Root can read every file: if others can exchange this one, root would send a file of their choice to the configured
// server.
Result<void> check_secrets_of_root(const configuration::Settings& settings) {
  Result<void> checked;
  const auto check = [&checked](const std::string& file) {
    std::error_code missing;
    if (checked && fs::exists(file, missing)) {
      checked = check_trusted(file, 0).map_error([&file](Error error) {
        return with_context("refusing to read the secret " + file + " as root, because other users can change it",
                            std::move(error));
      });
    }
  };
  for_each_secret(settings, [&check](const SecretSource& secret, std::string_view) {
    if (secret.kind == SecretSource::Kind::file) {
      check(secret.name);
    }
  });
  if (settings.fleet.etcd && settings.fleet.etcd->key_file) {
    check(settings.fleet.etcd->key_file->string());
  }
  return checked;
}

// As systemd creates StateDirectory=. Skipped in a directory where others could exchange it meanwhile.
void make_state_directory(const fs::path& directory, const User& user) {
  if (!check_trusted(directory.parent_path(), 0) || ::mkdir(directory.c_str(), state::kStateDirectoryMode) != 0) {
    return;
  }
  const Descriptor made(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  // A failure is reported when the directory is used.
  (void)!::fchown(made.get(), user.id, user.group);
}

}  // namespace

Result<User> user_of(const setup::ServiceUnit& unit) {
  if (unit.dynamic_user) {
    return failure(ErrorKind::disk, unit.name +
                                        " has DynamicUser=, whose user exists only while the service runs: commands "
                                        "cannot run as that user");
  }
  TRY_LET(auto user, find_user(unit.user.empty() ? "root" : unit.user).map_error([&unit](Error error) {
    return with_context(unit.name + " runs as " + unit.user, std::move(error));
  }));
  if (!unit.group.empty()) {
    TRY_LET(user.group, find_group(unit.group));
    user.groups.push_back(user.group);
  }
  for (const auto& name : unit.groups) {
    TRY_LET(const auto group, find_group(name));
    user.groups.push_back(group);
  }
  return user;
}

Result<std::optional<Service>> find_service(const fs::path& root) {
  const PosixFilesystem filesystem;
  const auto unit = setup::read_service_unit(setup::HostFiles(filesystem, root), kServiceUnit);
  if (!unit) {
    return std::nullopt;
  }
  TRY_LET(auto user, user_of(*unit));
  return user.id == 0 ? std::nullopt : std::optional(Service{std::move(user), configuration_of(*unit)});
}

std::string why_not_root(const fs::path& root) {
  const PosixFilesystem filesystem;
  const auto unit = setup::read_service_unit(setup::HostFiles(filesystem, root), kServiceUnit);
  const auto user = unit ? user_of(*unit) : failure(ErrorKind::disk, "");
  return user && user->id == 0
             ? fmt::format(
                   "{0} runs as root, which its sandbox deprives of the right to read the files of other "
                   "users: it cannot replace a keystore; run gravitee-renewd init --permissions --user {1}, "
                   "and remove User=root from the other files that systemctl cat {0} shows",
                   kServiceUnit, kServiceUser)
             : "";
}

bool is_configuration_of_service(const fs::path& configuration) {
  const PosixFilesystem filesystem;
  const auto unit = setup::read_service_unit(setup::HostFiles(filesystem, "/"), kServiceUnit);
  return is_same_file(configuration, unit ? configuration_of(*unit) : kServiceConfiguration);
}

Result<void> become_service_user(configuration::Settings& settings, const fs::path& configuration) {
  if (::geteuid() == 0) {
    TRY_LET(const auto service, find_service());
    if (service && is_same_file(configuration, service->configuration)) {
      for_each_secret(settings, [](SecretSource& secret, std::string_view) { read_ahead(secret); });
      gateway::SystemBus::connect_ahead();
      make_state_directory(settings.state_directory, service->user);
      if (auto became = become(service->user); !became) {
        return became;
      }
    }
  }
  if (auto trusted = ::geteuid() == 0 ? check_secrets_of_root(settings) : Result<void>(); !trusted) {
    // If the service itself runs as root, that is the cause.
    const std::string root = is_configuration_of_service(configuration) ? why_not_root() : "";
    return root.empty() ? trusted : failure(ErrorKind::disk, root);
  }
  return PosixFilesystem().own(settings.state_directory);
}

}  // namespace renewd::commands
