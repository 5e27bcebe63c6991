// Checks whether files can be created in a directory, or replaced, without changing anything.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <fstream>
#include <string>

#include <fmt/format.h>

#include "core/file_attributes.hpp"
#include "core/filesystem.hpp"
#include "core/text.hpp"
#include "core/trusted_path.hpp"
#include "core/try.hpp"

namespace renewd {
namespace {

namespace fs = std::filesystem;

tl::expected<struct statx, int> status_of(const Place& place) {
  struct statx status{};
  const int flags = (place.directory ? AT_SYMLINK_NOFOLLOW : 0) | AT_NO_AUTOMOUNT;
  if (::statx(place.at(), place.name.c_str(), flags, STATX_BASIC_STATS, &status) != 0) {
    return tl::unexpected(errno);
  }
  return status;
}

bool has(const struct statx& status, std::uint64_t attribute) {
  return (status.stx_attributes & status.stx_attributes_mask & attribute) != 0;
}

// The id of the mount that `fd` is on; empty if /proc does not show it.
std::string mount_of(const Descriptor& fd) {
  std::ifstream info(fmt::format("/proc/self/fdinfo/{}", fd.get()));
  std::string line;
  while (std::getline(info, line) && !line.starts_with("mnt_id:")) {
  }
  return line;
}

bool is_mount_point(const Place& place, const struct statx& status) {
  if ((status.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) != 0) {
    return has(status, STATX_ATTR_MOUNT_ROOT);
  }
  // Before Linux 5.8.
  const Descriptor file(::openat(place.at(), place.name.c_str(), O_PATH | O_CLOEXEC));
  const fs::path parent = fs::path(place.name).parent_path();
  const Descriptor around(::openat(place.at(), parent.empty() ? "." : parent.c_str(), O_PATH | O_CLOEXEC));
  return file && around && mount_of(file) != mount_of(around);
}

// Why a writable file, or the files in a writable directory, cannot be replaced; empty if unknown. Begins with the
// path.
std::string why_not_replaceable(const fs::path& path, const struct statx& status) {
  const bool immutable = has(status, STATX_ATTR_IMMUTABLE);
  if (immutable || has(status, STATX_ATTR_APPEND)) {
    return fmt::format("{}: it is {}, so {} cannot be replaced; run chattr -{} {}", path.string(),
                       immutable ? "immutable" : "append-only", S_ISDIR(status.stx_mode) ? "the files in it" : "it",
                       immutable ? 'i' : 'a', shell_quoted(path.string()));
  }
  struct stat around{};
  if (!S_ISDIR(status.stx_mode) && ::stat(path.parent_path().c_str(), &around) == 0 &&
      (around.st_mode & S_ISVTX) != 0) {
    return fmt::format("{}: it belongs to {}, and its directory has the sticky bit: only the owner can replace it",
                       path.string(), name_of_user(status.stx_uid));
  }
  return "";
}

// Tries to set the attributes on a file without a name, which the kernel removes on close (O_TMPFILE). Succeeds if the
// file system does not support such files.
Result<void> check_attributes(const Place& place, const fs::path& path, const FileAttributes& attributes) {
  const fs::path parent = fs::path(place.name).parent_path();
  const Descriptor nameless(
      ::openat(place.at(), parent.empty() ? "." : parent.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, kNewFileMode));
  return nameless ? apply_attributes(nameless.get(), path, attributes) : Result<void>();
}

}  // namespace

Result<void> PosixFilesystem::check_writable(const fs::path& directory) const {
  TRY_LET(const auto place, find("writing to the directory", directory));
  const auto status = status_of(place);
  const std::string why = status ? why_not_replaceable(directory, *status) : "";
  // AT_EACCESS: with the effective user and capabilities. Syncing a directory needs the right to read it.
  if (::faccessat(place.at(), place.name.c_str(), R_OK | W_OK | X_OK, AT_EACCESS) != 0 &&
      (errno != EPERM || why.empty())) {
    return disk_failure("writing to the directory", directory, errno);
  }
  // An append-only directory passes faccessat().
  if (!why.empty()) {
    return failure(ErrorKind::disk, "writing to the directory " + why);
  }
  return find_to_change("writing to the directory", directory / "x").map([](const Place&) {});
}

Result<void> PosixFilesystem::check_replaceable(const fs::path& file, const FileAttributes& attributes) const {
  TRY_LET(const auto place, find_to_change("replacing", file));
  const fs::path parent = file.parent_path();
  TRY(check_writable(parent));
  const auto status = status_of(place);
  if (!status) {
    return disk_failure("replacing", file, status.error());
  }
  if (!S_ISREG(status->stx_mode)) {
    return failure(ErrorKind::disk, fmt::format("replacing {}: not a regular file", file.string()));
  }
  if (is_mount_point(place, *status)) {
    return failure(ErrorKind::disk,
                   fmt::format("replacing {}: it is a mount point, which cannot be replaced; mount its "
                               "directory instead of the file",
                               file.string()));
  }
  // rmdir(2) never removes a file, but first checks the same rules as rename(2): attributes, sticky bit, read-only
  // mounts.
  ::unlinkat(place.at(), place.name.c_str(), AT_REMOVEDIR);
  if (const int error = errno; error != ENOTDIR) {
    const std::string why = error == EPERM ? why_not_replaceable(file, *status) : "";
    return why.empty() ? disk_failure("replacing", file, error) : failure(ErrorKind::disk, "replacing " + why);
  }
  return check_attributes(place, file, attributes);
}

}  // namespace renewd
