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
// The operator's own units.
constexpr std::string_view kOperatorUnits = "etc/systemd/system";

struct PermissionFile {
  fs::path path;
  std::string text;  // empty: the file should not exist
  std::string meaning;
  std::string_view subject;  // occurs in every file about the same subject
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

// An error for a file that somebody has written or changed by hand.
Result<void> check_unmodified(const Filesystem& filesystem, const PermissionFile& file) {
  if (!filesystem.exists(file.path)) {
    return {};
  }
  TRY_LET(const auto present, filesystem.read(file.path, kFileLimit));
  if (present == file.text || is_unmodified(present)) {
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
  return write_durably(filesystem, file.path, file.text, {.owner = ::geteuid(), .group = ::getegid(), .mode = 0644})
      .map([] { return std::string("wrote"); });
}

bool is_installed(const Filesystem& filesystem, const fs::path& root) {
  const auto unit = setup::identify_unit(setup::HostFiles(filesystem, root), kServiceUnit);
  return unit.state != setup::UnitIdentity::State::missing;
}

// Whether an operator may have granted the same: in this file, in another one beside it, or in a unit of their own.
bool is_operators_own(const Filesystem& filesystem, const PermissionFile& file, const fs::path& root) {
  const auto present = filesystem.read(file.path, kFileLimit);
  if (present && !is_unmodified(*present)) {
    return true;
  }
  const auto names = filesystem.list(file.path.parent_path());
  const bool beside = names && std::ranges::any_of(*names, [&](const std::string& name) {
                        const auto other = file.path.parent_path() / name;
                        const auto text = filesystem.read(other, kFileLimit);
                        return other != file.path && text && text->find(file.subject) != std::string::npos;
                      });
  return beside || filesystem.exists(root / kOperatorUnits / kServiceUnit);
}

// The user with this name, else the one that the service runs as now.
Result<User> chosen_user(const std::string& named, const fs::path& root) {
  if (!named.empty()) {
    return find_user(named);
  }
  TRY_LET(const auto service, find_service(root));
  if (service) {
    return find_user(service->user.name);  // again, without the groups that the unit adds
  }
  return find_user(std::string(kServiceUser)).map_error([](Error error) {
    error.message += "; install the package, which creates it, or name another user with --user";
    return error;
  });
}

Result<void> change_owners(const Permissions& permissions, const User& user, const fs::path& root, std::ostream& out) {
  // Another root is for another host, or for inspection: nothing changes on this host.
  const bool here = root == "/";
  for (const auto& [certificate, change] : permissions.ownership_changes) {
    if (here) {
      TRY(change_owner(change, user));
    }
    fmt::print(out, "{}: {}\nnote: {}", certificate, describe(change, user.name, here),
               upgrade_note(change, user.name, certificate));
  }
  return {};
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
  // polkitd owns the directory of the rules, and decides about permissions anyway.
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
    for (const auto& [certificate, change] : required->ownership_changes) {
      fmt::print(out, "==> {} <==\n{}\nnote: {}", certificate, describe(change, user->name, false),
                 upgrade_note(change, user->name, certificate));
    }
    for (const auto& file : files) {
      fmt::print(out, "{}", file.text.empty() ? "" : fmt::format("==> {} <==\n{}", file.path.string(), file.text));
    }
    return kSuccess;
  }
  for (const auto& file : files) {
    // Checks both files before writing either.
    if (auto unmodified = check_unmodified(filesystem, file); !unmodified && !options.force) {
      return fail(errors, unmodified.error());
    }
  }
  if (const auto changed_owners = change_owners(*required, *user, options.root, out); !changed_owners) {
    return fail(errors, changed_owners.error());
  }
  bool changed = false;
  for (const auto& file : files) {
    const auto done = write(filesystem, file);
    if (!done) {
      return fail(errors, done.error());
    }
    changed = changed || (!done->empty() && *done != "unchanged");
    if (!done->empty()) {
      fmt::print(out, "{} {}{}\n", *done, file.path.string(), file.text.empty() ? "" : ": " + file.meaning);
    }
  }
  const auto missing = missing_access(*settings, options.configuration, *required);
  for (const auto& sentence : missing) {
    fmt::print(out, "still missing: {}\n", sentence);
  }
  if (changed) {
    fmt::print(out, "next: systemctl daemon-reload && systemctl try-restart gravitee-renewd\n");
  }
  return missing.empty() ? kSuccess : kFailure;
}

std::vector<std::string> stale_permissions(const configuration::Settings& settings, const fs::path& root) {
  const PosixFilesystem filesystem;
  if (::geteuid() != 0 || !is_installed(filesystem, root)) {
    return {};
  }
  const auto user = chosen_user("", root);
  const auto required = user ? required_permissions(settings, filesystem, *user, root) : tl::unexpected(user.error());
  if (!required) {
    return {required.error().message};
  }
  std::vector<std::string> stale;
  for (const auto& [certificate, change] : required->ownership_changes) {
    stale.push_back(
        fmt::format("the service runs as {} and cannot replace {}, which belongs to {}; run gravitee-renewd init "
                    "--permissions",
                    user->name, change.file.string(), change.owner_name));
  }
  for (const auto& file : files_for(*required, root)) {
    if (file.text.empty() || filesystem.read(file.path, kFileLimit) == file.text ||
        is_operators_own(filesystem, file, root)) {
      continue;
    }
    stale.push_back(fmt::format("{} {} ({}); run gravitee-renewd init --permissions", file.path.string(),
                                filesystem.exists(file.path) ? "does not match the configuration" : "is missing",
                                file.meaning));
  }
  return stale;
}

std::vector<std::string> missing_permissions(const configuration::Settings& settings, const fs::path& configuration) {
  std::vector<std::string> missing = stale_permissions(settings);
  const PosixFilesystem filesystem;
  const auto user = chosen_user("", "/");
  const auto required = user ? required_permissions(settings, filesystem, *user) : tl::unexpected(user.error());
  if (required && is_installed(filesystem, "/")) {
    std::ranges::move(missing_access(settings, configuration, *required), std::back_inserter(missing));
  }
  return missing;
}

}  // namespace renewd::commands
