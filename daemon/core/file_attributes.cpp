#include "core/file_attributes.hpp"

#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include "core/try.hpp"

namespace renewd {
namespace {

namespace fs = std::filesystem;

// The extended attributes that decide who may read a file.
constexpr std::array<const char*, 2> kExtendedAttributes{"system.posix_acl_access", "security.selinux"};

Result<std::map<std::string, std::string>> read_extended(int fd, const fs::path& path) {
  std::map<std::string, std::string> extended;
  for (const char* name : kExtendedAttributes) {
    std::string value;
    ssize_t size = 0;
    do {
      size = ::fgetxattr(fd, name, nullptr, 0);  // most files have none
      if (size > 0) {
        value.resize(static_cast<std::size_t>(size));
        size = ::fgetxattr(fd, name, value.data(), value.size());
      }
    } while (size < 0 && errno == ERANGE);  // it was changed meanwhile
    if (size < 0) {
      if (errno == ENODATA || is_not_supported(errno)) {
        continue;
      }
      return disk_failure(fmt::format("reading the attribute {} of", name), path, errno);
    }
    value.resize(static_cast<std::size_t>(size));
    extended.emplace(name, std::move(value));
  }
  return extended;
}

// Some file systems do not let anyone change the execute bits, which do not matter for a keystore.
bool is_equivalent(mode_t present, mode_t wanted) {
  constexpr mode_t kExecute = S_IXUSR | S_IXGRP | S_IXOTH;
  return (present & ~kExecute) == (wanted & ~kExecute);
}

Result<void> apply_owner(int fd, const fs::path& path, const FileAttributes& present, const FileAttributes& wanted) {
  if ((present.owner == wanted.owner && present.group == wanted.group) ||
      ::fchown(fd, wanted.owner, wanted.group) == 0) {
    return {};
  }
  const int error = errno;
  // The group does not matter if it has no permissions.
  if (present.owner == wanted.owner && (wanted.mode & S_IRWXG) == 0 && wanted.extended.empty()) {
    return {};
  }
  return disk_failure(fmt::format("setting owner {}:{} on", wanted.owner, wanted.group), path, error);
}

}  // namespace

tl::unexpected<Error> disk_failure(std::string_view doing, const fs::path& path, int error_number) {
  return system_failure(ErrorKind::disk, fmt::format("{} {}", doing, path.string()), error_number);
}

bool is_not_supported(int error) {
  return error == EOPNOTSUPP || error == ENOTSUP || error == ENOSYS || error == EINVAL || error == ENOTTY;
}

Result<FileAttributes> read_attributes(int fd, const fs::path& path) {
  struct stat status{};
  if (::fstat(fd, &status) != 0) {
    return disk_failure("reading the attributes of", path, errno);
  }
  TRY_LET(auto extended, read_extended(fd, path));
  return FileAttributes{.owner = status.st_uid,
                        .group = status.st_gid,
                        .mode = status.st_mode & 0777U,
                        .extended = std::move(extended),
                        .names = status.st_nlink,
                        .regular = S_ISREG(status.st_mode),
                        .sets_group = S_ISDIR(status.st_mode) && (status.st_mode & S_ISGID) != 0};
}

Result<void> apply_attributes(int fd, const fs::path& path, const FileAttributes& wanted) {
  TRY_LET(auto present, read_attributes(fd, path));
  TRY(apply_owner(fd, path, present, wanted));
  // After the owner, since the mode might otherwise open the file to the wrong group.
  if (present.mode != wanted.mode && ::fchmod(fd, wanted.mode) != 0 && !is_equivalent(present.mode, wanted.mode)) {
    return disk_failure(
        fmt::format("setting mode {:04o} (with {:04o}, others could read the file, or the gateway could not) on",
                    wanted.mode, present.mode),
        path, errno);
  }
  for (const char* name : kExtendedAttributes) {
    const auto value = wanted.extended.find(name);
    const auto current = present.extended.find(name);
    if (value == wanted.extended.end()) {
      // The new file may have inherited a default ACL from the directory.
      if (current != present.extended.end() && std::string_view(name) == "system.posix_acl_access" &&
          (::fremovexattr(fd, name) != 0 || ::fchmod(fd, wanted.mode) != 0)) {
        return disk_failure("removing the inherited ACL of", path, errno);
      }
      continue;
    }
    if (current != present.extended.end() && current->second == value->second) {
      continue;
    }
    if (::fsetxattr(fd, name, value->second.data(), value->second.size(), 0) != 0) {
      return disk_failure(fmt::format("setting {} on", name), path, errno);
    }
  }
  return {};
}

}  // namespace renewd
