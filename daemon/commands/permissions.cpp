#include "commands/permissions.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ostream.h>
#include <fmt/ranges.h>

#include "commands/configured.hpp"
#include "commands/exit_status.hpp"
#include "commands/layout.hpp"
#include "commands/missing_access.hpp"
#include "commands/required_permissions.hpp"
#include "commands/service_user.hpp"
#include "core/try.hpp"
#include "setup/unit_names.hpp"

namespace renewd::commands {
namespace {

namespace fs = std::filesystem;

constexpr auto kRules = "etc/polkit-1/rules.d/50-gravitee-renewd.rules";
constexpr auto kDropIn = "etc/systemd/system/gravitee-renewd.service.d/50-gravitee-renewd.conf";
constexpr std::size_t kFileLimit = std::size_t{1024} * 1024;
constexpr mode_t kDirectoryMode = 0755;
// Units of the administrator, which override those of packages.
constexpr std::string_view kAdminUnits = "etc/systemd/system";

struct PermissionFile {
  fs::path path;
  std::string text;  // empty: the file must not exist
  std::string meaning;
  std::string_view marker;  // in another file of the directory, it shows that an administrator manages this
};

std::array<PermissionFile, 2> files_for(const Permissions& permissions, const fs::path& root) {
  std::string units = fmt::format("{} may restart {}", permissions.user, fmt::join(permissions.units, ", "));
  std::string service = "the service runs as " + permissions.user;
  for (const auto& directory : permissions.writable) {
    service += ", may write to " + directory.string();
  }
  return {{{root / kRules, polkit_rules(permissions), std::move(units), "org.freedesktop.systemd1"},
           {root / kDropIn, service_drop_in(permissions), std::move(service), ""}}};
}

// An error for a file that someone else has written or changed.
Result<void> check_untouched(const Filesystem& filesystem, const PermissionFile& file) {
  if (!filesystem.exists(file.path)) {
    return {};
  }
  TRY_LET(const auto present, filesystem.read(file.path, kFileLimit));
  if (present == file.text || has_valid_checksum(present)) {
    return {};
  }
  return failure(ErrorKind::disk, fmt::format("{} was changed by hand; --force overwrites it", file.path.string()));
}

Result<std::string> write(Filesystem& filesystem, const PermissionFile& file) {
  const bool exists = filesystem.exists(file.path);
  if (file.text.empty()) {
    return exists ? filesystem.remove(file.path).map([] { return std::string("removed"); }) : std::string();
  }
  if (exists && filesystem.read(file.path, kFileLimit) == file.text) {
    return "unchanged";
  }
  TRY(filesystem.create_directories(file.path.parent_path(), kDirectoryMode));
  return write_atomically(filesystem, file.path, file.text, {.owner = ::geteuid(), .group = ::getegid(), .mode = 0644})
      .map([] { return std::string("wrote"); });
}

bool is_installed(const Filesystem& filesystem, const fs::path& root) {
  const auto unit = setup::identify_unit(setup::HostFiles(filesystem, root), kServiceUnit);
  return unit.state != setup::UnitIdentity::State::missing;
}

// Whether an administrator has, or may have, configured the same: in this file, in another one beside it, or in a unit
// of their own.
bool is_managed_by_admin(const Filesystem& filesystem, const PermissionFile& file, const fs::path& root) {
  const auto present = filesystem.read(file.path, kFileLimit);
  if (present && !has_valid_checksum(*present)) {
    return true;
  }
  const auto names = filesystem.list(file.path.parent_path());
  const bool beside = names && std::ranges::any_of(*names, [&](const std::string& name) {
                        const auto other = file.path.parent_path() / name;
                        const auto text = filesystem.read(other, kFileLimit);
                        return other != file.path && text && text->find(file.marker) != std::string::npos;
                      });
  return beside || filesystem.exists(root / kAdminUnits / kServiceUnit);
}

// The user that the service will run as: the given one, or the current one.
Result<User> chosen_user(const std::string& named, const fs::path& root) {
  if (!named.empty()) {
    return find_user(named);
  }
  auto service = find_service(root);
  if (!service) {
    return tl::unexpected(std::move(service.error()));
  }
  // With the groups of the account only: those of the unit are computed from the configuration.
  return *service ? find_user((*service)->user.name) : find_user(std::string(kServiceUser)).map_error([](Error error) {
    error.message += "; install the package, which creates it, or pass another one with --user";
    return error;
  });
}

Result<void> transfer_keystores(const Permissions& permissions, const User& user, const PermissionsOptions& options,
                                std::ostream& out) {
  for (const auto& keystore : permissions.transfers) {
    // With another root, the files are for another host: change no owners on this one.
    const bool here = options.root == "/";
    if (here) {
      TRY(transfer(keystore, user));
    }
    out << fitted(fmt::format("{}: {}\n{}", keystore.use.certificate, describe(keystore, user.name, here),
                              relocation_advice(keystore, user)),
                  options.width);
  }
  return {};
}

// What still keeps the service from its work.
std::vector<std::string> still_missing(const configuration::Settings& settings, const PermissionsOptions& options,
                                       const Permissions& permissions) {
  auto missing = missing_access(settings, options.configuration, permissions);
  std::ranges::move(unreadable_for_gateway(permissions), std::back_inserter(missing));
  if (auto root = why_not_root(options.root); !root.empty()) {
    missing.push_back(std::move(root));
  }
  return missing;
}

int fail(std::ostream& errors, const Error& error) {
  fmt::print(errors, "init: {}\n", error.message);
  return kFailure;
}

}  // namespace

int permissions(const PermissionsOptions& options, std::ostream& out, std::ostream& errors) {
  const auto settings = load_configuration(options.configuration, errors);
  if (!settings) {
    return kUsageError;
  }
  PosixFilesystem filesystem;
  // polkitd owns the directory of the rules, and grants the permissions anyway.
  if (const auto polkit = find_user("polkitd")) {
    filesystem.trust(polkit->id);
  }
  const auto user = chosen_user(options.user, options.root);
  if (!user) {
    return fail(errors, user.error());
  }
  const auto required = required_permissions(*settings, filesystem, *user, options.root);
  if (!required) {
    return fail(errors, required.error());
  }
  const auto files = files_for(*required, options.root);
  if (options.dry_run) {
    for (const auto& keystore : required->transfers) {
      fmt::print(out, "==> {} <==\n", keystore.use.certificate);
      out << fitted(fmt::format("{}\n{}", describe(keystore, user->name, false), relocation_advice(keystore, *user)),
                    options.width);
    }
    for (const auto& file : files) {
      fmt::print(out, "{}", file.text.empty() ? "" : fmt::format("==> {} <==\n{}", file.path.string(), file.text));
    }
    return kSuccess;
  }
  for (const auto& file : files) {
    // Check both before writing either.
    if (auto untouched = check_untouched(filesystem, file); !untouched && !options.force) {
      return fail(errors, untouched.error());
    }
  }
  if (const auto done = transfer_keystores(*required, *user, options, out); !done) {
    return fail(errors, done.error());
  }
  bool changed = false;
  for (const auto& file : files) {
    const auto done = write(filesystem, file);
    if (!done) {
      return fail(errors, done.error());
    }
    changed = changed || (!done->empty() && *done != "unchanged");
    if (!done->empty()) {
      out << fitted(fmt::format("{} {}{}\n", *done, file.path.string(), file.text.empty() ? "" : ": " + file.meaning),
                    options.width);
    }
  }
  for (const auto& link : required->pinned) {
    out << fitted(fmt::format("note: {} is a link; after each change of it, run systemctl restart gravitee-renewd\n",
                              link.string()),
                  options.width);
  }
  const auto missing = still_missing(*settings, options, *required);
  for (const auto& problem : missing) {
    fmt::print(out, "still missing: {}\n", problem);
  }
  if (changed) {
    fmt::print(out, "next: systemctl daemon-reload && systemctl try-restart gravitee-renewd\n");
  }
  return missing.empty() ? kSuccess : kFailure;
}

std::vector<std::string> outdated_permissions(const configuration::Settings& settings, const fs::path& root) {
  const PosixFilesystem filesystem;
  if (::geteuid() != 0 || !is_installed(filesystem, root)) {
    return {};
  }
  const auto user = chosen_user("", root);
  const auto required = user ? required_permissions(settings, filesystem, *user, root) : tl::unexpected(user.error());
  if (!required) {
    return {required.error().message};
  }
  std::vector<std::string> outdated;
  for (const auto& keystore : required->transfers) {
    outdated.push_back(
        fmt::format("{} belongs to {}, so the service cannot replace it as {}; run gravitee-renewd init --permissions",
                    keystore.file.string(), keystore.owner.name, user->name));
  }
  std::ranges::move(unreadable_for_gateway(*required), std::back_inserter(outdated));
  for (const auto& file : files_for(*required, root)) {
    if (file.text.empty() || filesystem.read(file.path, kFileLimit) == file.text ||
        is_managed_by_admin(filesystem, file, root)) {
      continue;
    }
    outdated.push_back(fmt::format("{} {} ({}); run gravitee-renewd init --permissions", file.path.string(),
                                   filesystem.exists(file.path) ? "does not match the configuration" : "is missing",
                                   file.meaning));
  }
  return outdated;
}

std::vector<std::string> missing_permissions(const configuration::Settings& settings, const fs::path& configuration) {
  std::vector<std::string> missing = outdated_permissions(settings);
  if (auto root = why_not_root(); !root.empty()) {
    missing.insert(missing.begin(), std::move(root));
  }
  const PosixFilesystem filesystem;
  const auto user = chosen_user("", "/");
  const auto required = user ? required_permissions(settings, filesystem, *user) : tl::unexpected(user.error());
  if (required && is_installed(filesystem, "/")) {
    std::ranges::move(missing_access(settings, configuration, *required), std::back_inserter(missing));
  }
  return missing;
}

}  // namespace renewd::commands
