#include "core/filesystem.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <limits>
#include <memory>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "core/descriptor_output.hpp"
#include "core/file_attributes.hpp"
#include "core/opening.hpp"
#include "core/trusted_path.hpp"
#include "core/try.hpp"

namespace renewd {
namespace {

namespace fs = std::filesystem;

constexpr off_t kMostAtOnce = off_t{64} * 1024;

// Below an own directory, anything else was planted by another user.
Result<void> check_own_file(const Descriptor& fd, std::string_view doing, const fs::path& path) {
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) {
    return disk_failure(doing, path, errno);
  }
  std::string why;
  if (!S_ISREG(status.st_mode)) {
    why = "not a regular file";
  } else if (status.st_nlink > 1) {
    why = "it has a second name (a hard link)";
  } else if (status.st_uid != ::geteuid() && status.st_uid != 0) {
    why = "it belongs to " + name_of_user(status.st_uid);
  }
  return why.empty() ? Result<void>() : failure(ErrorKind::disk, fmt::format("{} {}: {}", doing, path.string(), why));
}

}  // namespace

Result<Place> PosixFilesystem::find(std::string_view doing, const fs::path& path) const {
  auto place = held_.find(path);
  if (place) {
    return std::move(*place);
  }
  const auto& [number, message] = place.error();
  return message.empty() ? disk_failure(doing, path, number)
                         : failure(ErrorKind::disk, fmt::format("{} {}: {}", doing, path.string(), message));
}

Result<Place> PosixFilesystem::find_to_change(std::string_view doing, const fs::path& path) const {
  auto place = find(doing, path);
  if (!place || place->own || ::geteuid() != 0) {
    return place;
  }
  const fs::path parent = path.parent_path();
  if (const auto trusted = check_trusted(parent.empty() ? fs::path(".") : parent, trusted_); !trusted) {
    return failure(ErrorKind::disk,
                   fmt::format("{} {}: root does not write where other users can: {}; run the command as that user, or "
                               "as the service's user",
                               doing, path.string(), trusted.error().message));
  }
  return place;
}

Result<Descriptor> PosixFilesystem::open(std::string_view doing, const fs::path& path, int flags) const {
  TRY_LET(const auto place, find(doing, path));
  // Root must not open a device to which a link may have led it. It writes only where nobody else places links.
  if (::geteuid() == 0 && !place.own && (flags & (O_ACCMODE | O_CREAT)) == O_RDONLY) {
    auto opened = open_to_read(place.at(), place.name.c_str(), flags | place.no_follow());
    if (!opened) {
      return disk_failure(doing, path, opened.error());
    }
    if (!S_ISREG(opened->status.st_mode) && !S_ISDIR(opened->status.st_mode)) {
      return failure(ErrorKind::disk, fmt::format("{} {}: not a regular file", doing, path.string()));
    }
    return std::move(opened->file);
  }
  // O_NONBLOCK: do not wait for the writer of a FIFO.
  Descriptor fd(::openat(place.at(), place.name.c_str(), flags | place.no_follow() | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
                         kNewFileMode));
  if (!fd) {
    return place.own && errno == ELOOP
               ? failure(ErrorKind::disk, fmt::format("{} {}: a symbolic link", doing, path.string()))
               : disk_failure(doing, path, errno);
  }
  if (place.own && (flags & O_DIRECTORY) == 0) {
    TRY(check_own_file(fd, doing, path));
  }
  return fd;
}

Result<std::string> PosixFilesystem::read(const fs::path& path, std::size_t limit) const {
  TRY_LET(const auto fd, open("opening", path, O_RDONLY));
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) {
    return disk_failure("reading", path, errno);
  }
  if (!S_ISREG(status.st_mode)) {
    return failure(ErrorKind::disk, fmt::format("reading {}: not a regular file", path.string()));
  }
  // No buffer on the stack, which would not be wiped: the file may contain a key. Of the file's size, since many are
  // kept; a byte more shows the end.
  std::string bytes(static_cast<std::size_t>(std::min<off_t>(status.st_size, kMostAtOnce)) + 1, '\0');
  std::size_t size = 0;
  while (true) {
    const ssize_t n = ::read(fd.get(), bytes.data() + size, bytes.size() - size);
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n < 0) {
      return disk_failure("reading", path, errno);
    }
    size += static_cast<std::size_t>(n);
    if (n == 0) {
      bytes.resize(size);
      return bytes;
    }
    if (size > limit) {
      return failure(ErrorKind::disk, fmt::format("reading {}: larger than {} bytes", path.string(), limit));
    }
    if (size == bytes.size()) {
      bytes.resize(size + kMostAtOnce);
    }
  }
}

Result<FileAttributes> PosixFilesystem::attributes(const fs::path& path) const {
  TRY_LET(const auto fd, open("opening", path, O_RDONLY));
  return read_attributes(fd.get(), path);
}

Result<fs::path> PosixFilesystem::canonical(const fs::path& path) const {
  std::error_code error;
  fs::path target = fs::canonical(path, error);
  if (error) {
    return disk_failure("resolving", path, error.value());
  }
  return target;
}

bool PosixFilesystem::exists(const fs::path& path) const {
  const auto place = held_.find(path);
  struct stat status{};
  const int error =
      !place ? place.error().number
      : ::fstatat(place->at(), place->name.c_str(), &status, place->directory ? AT_SYMLINK_NOFOLLOW : 0) == 0 ? 0
                                                                                                              : errno;
  return error != ENOENT && error != ENOTDIR;
}

Result<std::vector<std::string>> PosixFilesystem::list(const fs::path& directory) const {
  std::vector<std::string> names;
  if (!exists(directory)) {
    return names;
  }
  TRY_LET(auto fd, open("listing", directory, O_RDONLY | O_DIRECTORY));
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(fd.get()), ::closedir);
  if (!stream) {
    return disk_failure("listing", directory, errno);
  }
  fd.release();  // the stream closes it
  errno = 0;
  while (const dirent* const entry = ::readdir(stream.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") {
      names.emplace_back(name);
    }
  }
  if (errno != 0) {
    return disk_failure("listing", directory, errno);
  }
  std::sort(names.begin(), names.end());
  return names;
}

Result<FreeSpace> PosixFilesystem::free_space(const fs::path& directory) const {
  TRY_LET(const auto fd, open("reading the free space of", directory, O_RDONLY | O_DIRECTORY));
  struct statvfs status{};
  if (::fstatvfs(fd.get(), &status) != 0) {
    return disk_failure("reading the free space of", directory, errno);
  }
  constexpr auto kUnknown = std::numeric_limits<std::uint64_t>::max();
  return FreeSpace{status.f_blocks == 0 ? kUnknown : std::uint64_t{status.f_bavail} * status.f_frsize,
                   status.f_files == 0 ? kUnknown : std::uint64_t{status.f_favail}};
}

Result<void> PosixFilesystem::create(const fs::path& path, std::string_view bytes, const FileAttributes& attributes,
                                     Durability durability) {
  TRY_LET(const auto place, find_to_change("creating", path));
  Descriptor fd(::openat(place.at(), place.name.c_str(),
                         O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, kNewFileMode));
  if (!fd) {
    return disk_failure("creating", path, errno);
  }
  auto written = apply_attributes(fd.get(), path, attributes);
  if (written && !write_to_descriptor(fd.get(), bytes)) {
    written = disk_failure("writing", path, errno);
  }
  if (written && durability != Durability::process && ::fsync(fd.get()) != 0) {
    written = disk_failure("syncing", path, errno);
  }
  if (fd.close() != 0 && written) {
    written = disk_failure("closing", path, errno);
  }
  if (!written) {
    ::unlinkat(place.at(), place.name.c_str(), 0);
  }
  return written;
}

Result<void> PosixFilesystem::append(const fs::path& path, std::string_view bytes, Durability durability) {
  TRY(find_to_change("appending to", path).map([](const Place&) {}));
  TRY_LET(auto fd, open("appending to", path, O_WRONLY | O_APPEND));
  struct stat before{};
  if (::fstat(fd.get(), &before) != 0) {
    return disk_failure("appending to", path, errno);
  }
  Result<void> appended;
  if (!write_to_descriptor(fd.get(), bytes)) {
    appended = disk_failure("appending to", path, errno);
  } else if (durability != Durability::process && ::fdatasync(fd.get()) != 0) {
    appended = disk_failure("syncing", path, errno);
  }
  if (!appended) {
    (void)::ftruncate(fd.get(), before.st_size);  // best effort: who reads the file must expect a part of the text
  }
  if (fd.close() != 0 && appended) {
    appended = disk_failure("closing", path, errno);
  }
  return appended;
}

Result<void> PosixFilesystem::rename(const fs::path& from, const fs::path& to) {
  const std::string doing = fmt::format("renaming {} to", from.string());
  const auto source = find_to_change(doing, from);
  const auto target = find_to_change(doing, to);
  if (!source || !target) {
    return tl::unexpected(source ? target.error() : source.error());
  }
  if (::renameat(source->at(), source->name.c_str(), target->at(), target->name.c_str()) != 0) {
    return disk_failure(doing, to, errno);
  }
  return {};
}

Result<void> PosixFilesystem::remove(const fs::path& path) {
  const auto place = find_to_change("removing", path);
  if (!place) {
    return exists(path) ? Result<void>(tl::unexpected(place.error())) : Result<void>();
  }
  if (::unlinkat(place->at(), place->name.c_str(), 0) != 0 && errno != ENOENT) {
    return disk_failure("removing", path, errno);
  }
  return {};
}

Result<void> PosixFilesystem::create_directories(const fs::path& directory, mode_t mode) {
  if (exists(directory)) {
    // exists() is also true if access was denied.
    return find("opening the directory", directory).map([](const Place&) {});
  }
  const fs::path parent = directory.parent_path();
  if (!parent.empty() && parent != directory) {
    TRY(create_directories(parent, mode));
  }
  // "x": only the place of the directory itself matters.
  TRY_LET(const auto above, find_to_change("creating the directory", (parent.empty() ? fs::path(".") : parent) / "x"));
  const int made =
      above.directory ? ::mkdirat(above.at(), directory.filename().c_str(), mode) : ::mkdir(directory.c_str(), mode);
  if (made != 0 && errno != EEXIST) {
    return disk_failure("creating the directory", directory, errno);
  }
  return sync_directory(parent.empty() ? fs::path(".") : parent);
}

Result<void> PosixFilesystem::sync_directory(const fs::path& directory) {
  TRY_LET(const auto fd, open("opening the directory", directory, O_RDONLY | O_DIRECTORY));
  if (::fsync(fd.get()) == 0) {
    return {};
  }
  const int error = errno;
  if (!is_not_supported(error) && error != EBADF) {
    return disk_failure("syncing the directory", directory, error);
  }
  bool is_new = false;
  {
    const std::lock_guard lock(mutex_);
    is_new = warned_.insert(directory).second;
  }
  if (is_new) {
    warn_(
        fmt::format("cannot sync the directory {}: not supported by its file system ({}); continuing, but after a "
                    "power cut the previous file may be back",
                    directory.string(), std::generic_category().message(error)));
  }
  return {};
}

Result<void> PosixFilesystem::touch(const fs::path& path) {
  TRY_LET(const auto place, find_to_change("touching", path));
  if (::utimensat(place.at(), place.name.c_str(), nullptr, place.directory ? AT_SYMLINK_NOFOLLOW : 0) != 0) {
    return disk_failure("touching", path, errno);
  }
  return {};
}

Result<Descriptor> PosixFilesystem::open_to_lock(const fs::path& path, bool create) const {
  if (create) {
    TRY(find_to_change("locking", path).map([](const Place&) {}));
  } else if (!exists(path)) {
    return Descriptor();
  }
  TRY_LET(auto fd, open("locking", path, (create ? O_RDWR | O_CREAT : O_RDONLY) | O_NOFOLLOW));
  TRY(check_own_file(fd, "locking", path));
  return fd;
}

Result<HeldFile> PosixFilesystem::follow(const fs::path& path) {
  TRY_LET(auto followed, renewd::follow(path, ::geteuid()));
  struct stat around{};
  if (::fstat(followed.directory.get(), &around) != 0) {
    return disk_failure("checking the directory of", path, errno);
  }
  TRY_LET(auto directory, held_.hold(followed.path.parent_path(), std::move(followed.directory)));
  return HeldFile{std::move(followed.path), std::move(followed.choice_of_others), around.st_uid, std::move(directory)};
}

}  // namespace renewd
