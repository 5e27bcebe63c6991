// Whether files can be made in a directory, and one be replaced, asked of the kernel without doing so.
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

// The mount that something is on, as Linux numbers them; empty where it does not say.
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

// Why nothing may be renamed over a file, or in a directory, which may be written to otherwise; empty when it is not
// known. The message begins with the path.
std::string why_kept(const fs::path& path, const struct statx& status) {
  const bool immutable = has(status, STATX_ATTR_IMMUTABLE);
  if (immutable || has(status, STATX_ATTR_APPEND)) {
    return fmt::format("{}: it is {}, so {} cannot be replaced; run chattr -{} {}", path.string(),
                       immutable ? "immutable" : "append-only", S_ISDIR(status.stx_mode) ? "the files in it" : "it",
                       immutable ? 'i' : 'a', path.string());
  }
  struct stat around{};
  if (!S_ISDIR(status.stx_mode) && ::stat(path.parent_path().c_str(), &around) == 0 &&
      (around.st_mode & S_ISVTX) != 0) {
    return fmt::format("{}: it belongs to {}, and its directory has the sticky bit: only the owner can replace it",
                       path.string(), name_of_user(status.stx_uid));
  }
  return "";
}

// Whether a file that we make could be given these, tried with one that has no name and is gone when it is closed.
// Where there is no such thing, only the attempt will tell.
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
  const std::string kept = status ? why_kept(directory, *status) : "";
  // AT_EACCESS: as the user that we run as, with the capabilities we have; a read-only file system answers EROFS.
  if (::faccessat(place.at(), place.name.c_str(), W_OK | X_OK, AT_EACCESS) != 0 && (errno != EPERM || kept.empty())) {
    return disk_failure("writing to the directory", directory, errno);
  }
  // What is append-only lets files be made, and none be renamed.
  if (!kept.empty()) {
    return failure(ErrorKind::disk, "writing to the directory " + kept);
  }
  return find_to_change("writing to the directory", directory / "x").map([](const Place&) {});
}

Result<void> PosixFilesystem::check_replaceable(const fs::path& file, const FileAttributes& attributes) const {
  TRY_LET(const auto place, find_to_change("replacing", file));
  const fs::path parent = file.parent_path();
  if (auto writable = check_writable(parent); !writable) {
    return writable;
  }
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
  // rmdir(2) removes nothing but directories. Whether this one's name may be removed, for which rename(2) has the same
  // rules (attributes, sticky bit, read-only mounts), the kernel says first.
  ::unlinkat(place.at(), place.name.c_str(), AT_REMOVEDIR);
  if (const int error = errno; error != ENOTDIR) {
    const std::string why = error == EPERM ? why_kept(file, *status) : "";
    return why.empty() ? disk_failure("replacing", file, error) : failure(ErrorKind::disk, "replacing " + why);
  }
  return check_attributes(place, file, attributes);
}

}  // namespace renewd
