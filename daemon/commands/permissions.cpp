#include "commands/permissions.hpp"

#include <unistd.h>

#include <array>
#include <string>

#include <fmt/format.h>
#include <fmt/ostream.h>
#include <fmt/ranges.h>

#include "commands/configured.hpp"
#include "commands/exit_status.hpp"
#include "commands/required_permissions.hpp"

namespace renewd::commands {
namespace {

namespace fs = std::filesystem;

constexpr auto kRules = "etc/polkit-1/rules.d/50-gravitee-renewd.rules";
constexpr auto kDropIn = "etc/systemd/system/gravitee-renewd.service.d/50-gravitee-renewd.conf";
constexpr std::size_t kFileLimit = std::size_t{1024} * 1024;
constexpr mode_t kDirectoryMode = 0755;

struct PermissionFile {
  fs::path path;
  std::string text;  // empty: there is to be none
  std::string meaning;
};

std::array<PermissionFile, 2> files_for(const Permissions& permissions, const fs::path& root) {
  std::string units = fmt::format("{} may restart {}", permissions.user, fmt::join(permissions.units, ", "));
  std::string service = "the service runs as " + permissions.user;
  for (const auto& directory : permissions.writable) {
    service += ", may write to " + directory.string();
  }
  return {{{root / kRules, polkit_rules(permissions), std::move(units)},
           {root / kDropIn, service_drop_in(permissions), std::move(service)}}};
}

// An error for a file that a person has changed since it was written, or wrote.
Result<void> check_untouched(const Filesystem& filesystem, const PermissionFile& file) {
  if (!filesystem.exists(file.path)) {
    return {};
  }
  const auto present = filesystem.read(file.path, kFileLimit);
  if (!present) {
    return tl::unexpected(present.error());
  }
  if (*present == file.text || is_as_written(*present)) {
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
  if (auto created = filesystem.create_directories(file.path.parent_path(), kDirectoryMode); !created) {
    return tl::unexpected(std::move(created.error()));
  }
  return write_durably(filesystem, file.path, file.text, {.owner = ::geteuid(), .group = ::getegid(), .mode = 0644})
      .map([] { return std::string("wrote"); });
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
  const auto required = required_permissions(*settings, filesystem);
  if (!required) {
    return fail(errors, required.error());
  }
  const auto files = files_for(*required, options.root);
  if (options.dry_run) {
    for (const auto& file : files) {
      fmt::print(out, "{}", file.text.empty() ? "" : fmt::format("==> {} <==\n{}", file.path.string(), file.text));
    }
    return kSuccess;
  }
  for (const auto& file : files) {
    // Both before either: all or nothing is written.
    if (auto untouched = check_untouched(filesystem, file); !untouched && !options.force) {
      return fail(errors, untouched.error());
    }
  }
  for (const auto& file : files) {
    const auto done = write(filesystem, file);
    if (!done) {
      return fail(errors, done.error());
    }
    if (!done->empty()) {
      fmt::print(out, "{} {}{}\n", *done, file.path.string(), file.text.empty() ? "" : ": " + file.meaning);
    }
  }
  for (const auto& lack : missing_access(*settings, options.configuration, *required)) {
    fmt::print(out, "still missing: {}\n", lack);
  }
  fmt::print(out, "next: systemctl daemon-reload && systemctl restart gravitee-renewd\n");
  return kSuccess;
}

}  // namespace renewd::commands
