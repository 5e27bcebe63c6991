#include "core/filesystem.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <utility>

#include <fmt/format.h>

namespace renewd {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBytesPerRead = 16384;

// What of a file's extended attributes decides who may read it. Others (user.*) are not ours to copy.
constexpr std::array<const char*, 2> kExtendedAttributes{"system.posix_acl_access", "security.selinux"};

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) {
      ::close(fd_);
    }
  }
  int get() const { return fd_; }
  // Closes now, because the last error of a write may come with close (close(2)).
  int close() { return ::close(std::exchange(fd_, -1)); }

 private:
  int fd_;
};

tl::unexpected<Error> disk_failure(std::string_view doing, const fs::path& path, int error_number) {
  return system_failure(ErrorKind::disk, fmt::format("{} {}", doing, path.string()), error_number);
}

Result<std::map<std::string, std::string>> read_extended(int fd, const fs::path& path) {
  std::map<std::string, std::string> extended;
  for (const char* name : kExtendedAttributes) {
    std::string value(64 * 1024, '\0');  // the kernel's limit (XATTR_SIZE_MAX)
    const ssize_t size = ::fgetxattr(fd, name, value.data(), value.size());
    if (size < 0) {
      if (errno == ENODATA || errno == EOPNOTSUPP) {
        continue;
      }
      return disk_failure(fmt::format("reading {} of", name), path, errno);
    }
    value.resize(static_cast<std::size_t>(size));
    extended.emplace(name, std::move(value));
  }
  return extended;
}

Result<FileAttributes> read_attributes(int fd, const fs::path& path) {
  struct stat status{};
  if (::fstat(fd, &status) != 0) {
    return disk_failure("reading the attributes of", path, errno);
  }
  auto extended = read_extended(fd, path);
  if (!extended) {
    return tl::unexpected(std::move(extended.error()));
  }
  return FileAttributes{.owner = status.st_uid,
                        .group = status.st_gid,
                        .mode = status.st_mode & 07777U,
                        .extended = std::move(*extended)};
}

// Only what differs is set: a process without privileges may still replace a file that it owns itself.
Result<void> apply_attributes(int fd, const fs::path& path, const FileAttributes& wanted) {
  auto present = read_attributes(fd, path);
  if (!present) {
    return tl::unexpected(std::move(present.error()));
  }
  if ((present->owner != wanted.owner || present->group != wanted.group) &&
      ::fchown(fd, wanted.owner, wanted.group) != 0) {
    return disk_failure(fmt::format("giving owner {}:{} to", wanted.owner, wanted.group), path, errno);
  }
  // After the owner: chown clears set-id bits, and before it the mode might open the file to the wrong group.
  if (::fchmod(fd, wanted.mode) != 0) {
    return disk_failure(fmt::format("giving mode {:04o} to", wanted.mode), path, errno);
  }
  for (const char* name : kExtendedAttributes) {
    const auto value = wanted.extended.find(name);
    const auto current = present->extended.find(name);
    if (value == wanted.extended.end()) {
      // A default ACL of the directory may have given the new file one that the old file never had.
      if (current != present->extended.end() && std::string_view(name) == "system.posix_acl_access" &&
          (::fremovexattr(fd, name) != 0 || ::fchmod(fd, wanted.mode) != 0)) {
        return disk_failure("removing the inherited ACL of", path, errno);
      }
      continue;
    }
    if (current != present->extended.end() && current->second == value->second) {
      continue;
    }
    if (::fsetxattr(fd, name, value->second.data(), value->second.size(), 0) != 0) {
      return disk_failure(fmt::format("setting {} of", name), path, errno);
    }
  }
  return {};
}

Result<void> give_to_owner_of(const fs::path& parent, const fs::path& directory) {
  // O_NOFOLLOW: the parent's owner, who is not root, may have put a link in its place.
  const Descriptor fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat owner{};
  if (fd.get() < 0 || ::stat(parent.c_str(), &owner) != 0 ||
      (owner.st_uid != 0 && ::fchown(fd.get(), owner.st_uid, owner.st_gid) != 0)) {
    return disk_failure("giving an owner to the directory", directory, errno);
  }
  return {};
}

Result<void> write_all(int fd, std::string_view bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0) {
      if (errno == EINTR) {
        continue;
      }
      return disk_failure("writing", path, errno);
    }
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

}  // namespace

Result<std::string> PosixFilesystem::read(const fs::path& path, std::size_t limit) const {
  // O_NONBLOCK: a fifo in place of the file must not hang the daemon.
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (fd.get() < 0) {
    return disk_failure("opening", path, errno);
  }
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) {
    return disk_failure("reading", path, errno);
  }
  if (!S_ISREG(status.st_mode)) {
    return failure(ErrorKind::disk, fmt::format("reading {}: not a regular file", path.string()));
  }
  // Straight into what is returned, which is wiped when it goes: a buffer on the stack would keep a key.
  std::string bytes;
  std::size_t size = 0;
  while (true) {
    bytes.resize(size + kBytesPerRead);
    const ssize_t n = ::read(fd.get(), bytes.data() + size, kBytesPerRead);
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
  }
}

Result<FileAttributes> PosixFilesystem::attributes(const fs::path& path) const {
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (fd.get() < 0) {
    return disk_failure("opening", path, errno);
  }
  return read_attributes(fd.get(), path);
}

Result<fs::path> PosixFilesystem::canonical(const fs::path& path) const {
  std::error_code error;
  fs::path target = fs::canonical(path, error);
  if (error) {
    return disk_failure("finding", path, error.value());
  }
  return target;
}

bool PosixFilesystem::exists(const fs::path& path) const {
  std::error_code error;
  return fs::status(path, error).type() != fs::file_type::not_found;
}

Result<std::vector<std::string>> PosixFilesystem::list(const fs::path& directory) const {
  std::error_code error;
  std::vector<std::string> names;
  fs::directory_iterator entry(directory, error);
  while (!error && entry != fs::directory_iterator()) {
    names.push_back(entry->path().filename().string());
    entry.increment(error);
  }
  if (error && error.value() != ENOENT) {
    return disk_failure("listing", directory, error.value());
  }
  std::sort(names.begin(), names.end());
  return names;
}

Result<void> PosixFilesystem::check_writable(const fs::path& directory) const {
  // AT_EACCESS: as the user that we run as, with the capabilities we have; a read-only file system answers EROFS.
  if (::faccessat(AT_FDCWD, directory.c_str(), W_OK | X_OK, AT_EACCESS) != 0) {
    return disk_failure("writing to the directory", directory, errno);
  }
  return {};
}

Result<std::uint64_t> PosixFilesystem::free_bytes(const fs::path& directory) const {
  struct statvfs status{};
  if (::statvfs(directory.c_str(), &status) != 0) {
    return disk_failure("asking for the free space of", directory, errno);
  }
  return std::uint64_t{status.f_bavail} * status.f_frsize;
}

Result<void> PosixFilesystem::create(const fs::path& path, std::string_view bytes, const FileAttributes& attributes) {
  Descriptor fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0600));
  if (fd.get() < 0) {
    return disk_failure("creating", path, errno);
  }
  auto written = apply_attributes(fd.get(), path, attributes);
  if (written) {
    written = write_all(fd.get(), bytes, path);
  }
  if (written && ::fsync(fd.get()) != 0) {
    written = disk_failure("syncing", path, errno);
  }
  if (fd.close() != 0 && written) {
    written = disk_failure("closing", path, errno);
  }
  if (!written) {
    ::unlink(path.c_str());
  }
  return written;
}

Result<void> PosixFilesystem::rename(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) {
    return disk_failure(fmt::format("renaming {} to", from.string()), to, errno);
  }
  return {};
}

Result<void> PosixFilesystem::remove(const fs::path& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    return disk_failure("removing", path, errno);
  }
  return {};
}

Result<void> PosixFilesystem::create_directories(const fs::path& directory, mode_t mode) {
  if (exists(directory)) {
    return {};
  }
  const fs::path parent = directory.parent_path();
  if (!parent.empty() && parent != directory) {
    if (auto created = create_directories(parent, mode); !created) {
      return created;
    }
  }
  const fs::path above = parent.empty() ? fs::path(".") : parent;
  if (::mkdir(directory.c_str(), mode) != 0) {
    if (errno != EEXIST) {
      return disk_failure("creating the directory", directory, errno);
    }
  } else if (::geteuid() == 0) {
    if (auto given = give_to_owner_of(above, directory); !given) {
      return given;
    }
  }
  return sync_directory(above);
}

Result<void> PosixFilesystem::sync_directory(const fs::path& directory) {
  const Descriptor fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0) {
    return disk_failure("opening the directory", directory, errno);
  }
  if (::fsync(fd.get()) != 0) {
    return disk_failure("syncing the directory", directory, errno);
  }
  return {};
}

Result<void> PosixFilesystem::touch(const fs::path& path) {
  if (::utimensat(AT_FDCWD, path.c_str(), nullptr, 0) != 0) {
    return disk_failure("touching", path, errno);
  }
  return {};
}

Result<void> write_durably(Filesystem& filesystem, const fs::path& path, std::string_view bytes,
                           const FileAttributes& attributes, const std::function<Result<void>()>& last_check) {
  // A fixed name: what a crash left behind is removed by the next attempt instead of piling up.
  const fs::path temporary = path.parent_path() / fmt::format(".{}.gravitee-renewd", path.filename().string());
  if (auto removed = filesystem.remove(temporary); !removed) {
    return removed;
  }
  if (auto created = filesystem.create(temporary, bytes, attributes); !created) {
    return created;
  }
  auto renamed = last_check ? last_check() : Result<void>();
  if (renamed) {
    renamed = filesystem.rename(temporary, path);
  }
  if (!renamed) {
    // The first failure is the one to report.
    (void)filesystem.remove(temporary);
    return renamed;
  }
  return filesystem.sync_directory(path.parent_path());
}

}  // namespace renewd
