#include "core/held_directories.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "core/text.hpp"
#include "core/trusted_path.hpp"
#include "core/try.hpp"
#include "core/user.hpp"

namespace renewd {
namespace {

namespace fs = std::filesystem;
using Shared = std::shared_ptr<const Descriptor>;

constexpr int kDirectory = O_PATH | O_DIRECTORY | O_CLOEXEC;

// Opens `path` below `directory`, one name at a time and without following links. (openat2(2) can do this, but a unit
// with RestrictSUIDSGID= may not call it.) On failure returns an empty descriptor and sets errno, to ELOOP for a link.
Descriptor walk(int directory, const fs::path& path, int flags) {
  Descriptor held;
  for (auto name = path.begin(); name != path.end(); ++name) {
    if (*name == "..") {
      errno = EXDEV;
      return {};
    }
    const int at = held ? held.get() : directory;
    const bool last = std::next(name) == path.end();
    Descriptor next(::openat(at, name->c_str(), (last ? flags : kDirectory) | O_NOFOLLOW | O_CLOEXEC));
    if (!next) {
      const int error = errno;
      struct stat status{};
      const bool link = ::fstatat(at, name->c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(status.st_mode);
      errno = link ? ELOOP : error;
      return {};
    }
    held = std::move(next);
  }
  return held;
}

bool is_same(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

bool is_below(const Descriptor& directory, const Descriptor& other) {
  struct stat wanted{};
  struct stat now{};
  struct stat before{};
  if (::fstat(other.get(), &wanted) != 0 || ::fstat(directory.get(), &now) != 0) {
    return false;
  }
  Descriptor at(::openat(directory.get(), ".", kDirectory));
  do {
    if (is_same(now, wanted)) {
      return true;
    }
    before = now;
    at = Descriptor(::openat(at.get(), "..", kDirectory));
  } while (at && ::fstat(at.get(), &now) == 0 && !is_same(now, before));
  return false;
}

// The rest of a path at or below the directory, nothing for another path. Both are normalized.
std::optional<fs::path> below(const fs::path& path, const fs::path& directory) {
  const std::string_view whole = path.native();
  const std::string_view above = directory == "/" ? std::string_view() : std::string_view(directory.native());
  const std::string_view rest = whole.substr(std::min(above.size(), whole.size()));
  if (!whole.starts_with(above) || !(rest.empty() || rest.starts_with('/'))) {
    return std::nullopt;
  }
  return rest.empty() ? fs::path() : fs::path(rest.substr(1));
}

// "/a/b/" and "/a/./b" become "/a/b".
fs::path normalized(const fs::path& path) {
  const fs::path normal = path.lexically_normal();
  return normal.has_filename() ? normal : normal.parent_path();
}

std::string why_not_own(const fs::path& path, const struct stat& status, uid_t user) {
  if (!S_ISDIR(status.st_mode)) {
    return fmt::format("the state directory {} is a file, not a directory: correct state_directory", path.string());
  }
  const bool is_writable = (status.st_mode & (S_IWGRP | S_IWOTH)) != 0;
  if (is_writable && (status.st_mode & S_ISVTX) != 0) {
    return fmt::format(
        "{} (mode {:04o}) is a directory that others share: set state_directory to a directory of its own",
        path.string(), status.st_mode & 07777U);
  }
  if (status.st_uid != user) {
    const auto account = find_user(std::to_string(user));
    return fmt::format("the state directory {} belongs to {}, but this command runs as {}{}", path.string(),
                       name_of_user(status.st_uid), name_of_user(user),
                       user == 0 || !account
                           ? ""
                           : fmt::format(": if nothing else uses it, as root, run: chown {} {}; otherwise set "
                                         "state_directory to a directory of its own",
                                         account->name, shell_quoted(path.string())));
  }
  if (is_writable) {
    return fmt::format(
        "other users can write to the state directory {} (mode {:04o}): check its contents, then run "
        "chmod 0700 {}",
        path.string(), status.st_mode & 07777U, path.string());
  }
  return "";
}

HeldDirectories::Refusal refusal(int number, std::string message = {}) {
  return {number, std::move(message)};
}

}  // namespace

std::string why_not_own(const fs::path& directory, uid_t user) {
  struct stat status{};
  return ::stat(directory.c_str(), &status) == 0 ? why_not_own(directory, status, user) : "";
}

Result<void> HeldDirectories::own(const fs::path& directory) {
  const std::lock_guard lock(mutex_);
  const fs::path path = normalized(directory);
  auto found = std::find_if(own_.begin(), own_.end(), [&path](const Own& own) { return own.path == path; });
  if (found == own_.end()) {
    found = own_.insert(own_.end(), {path, nullptr});
  }
  const auto opened = open(*found);
  return opened || opened.error().message.empty() ? Result<void>() : failure(ErrorKind::disk, opened.error().message);
}

Result<std::shared_ptr<const void>> HeldDirectories::hold(const fs::path& path, Descriptor directory) {
  const std::lock_guard lock(mutex_);
  for (Own& own : own_) {
    // Compares directories rather than paths, since the path of the state directory may contain links.
    if (const auto opened = open(own); opened && is_below(directory, **opened)) {
      return failure(
          ErrorKind::disk,
          path.string() +
              " is inside the state directory, which is only for the daemon's own files; move the keystore elsewhere");
    }
  }
  std::erase_if(held_, [](const Held& one) { return one.directory.expired(); });
  auto held = std::make_shared<const Descriptor>(std::move(directory));
  held_.push_back({normalized(path), held});
  return held;
}

// Checks owner and mode at each use, since they may change.
tl::expected<Shared, HeldDirectories::Refusal> HeldDirectories::open(Own& own) {
  struct stat status{};
  const bool is_there = own.directory && ::fstat(own.directory->get(), &status) == 0 && status.st_nlink > 0;
  if (!is_there) {
    own.directory = std::make_shared<const Descriptor>(::open(own.path.c_str(), kDirectory));
    if (!*own.directory || ::fstat(own.directory->get(), &status) != 0) {
      const int error = errno;
      own.directory = nullptr;
      return tl::unexpected(refusal(error));
    }
  }
  if (auto why = why_not_own(own.path, status, ::geteuid()); !why.empty()) {
    return tl::unexpected(refusal(EPERM, std::move(why)));
  }
  // Another user may have led root here, to some directory of root's, by a link.
  const auto others = !is_there && ::geteuid() == 0 ? changed_by_others(own.path, 0) : Result<std::string>();
  if (!others || !others->empty()) {
    own.directory = nullptr;
    return tl::unexpected(
        others ? refusal(EPERM, fmt::format("other users can change the path of the state directory {}: {}",
                                            own.path.string(), *others))
               : refusal(EIO));
  }
  return own.directory;
}

tl::expected<Place, HeldDirectories::Refusal> HeldDirectories::find(const fs::path& path) const {
  const std::lock_guard lock(mutex_);
  const fs::path wanted = normalized(path);
  for (Own& own : own_) {
    const auto relative = below(wanted, own.path);
    if (!relative) {
      continue;
    }
    TRY_LET(const auto root, open(own));
    if (relative->empty()) {
      return Place{root, ".", true};
    }
    const fs::path parent = relative->parent_path();
    if (parent.empty()) {
      return Place{root, relative->string(), true};
    }
    auto opened = std::make_shared<const Descriptor>(walk(root->get(), parent, kDirectory));
    if (!*opened) {
      return tl::unexpected(refusal(errno, errno == ELOOP ? "the path contains a symbolic link" : ""));
    }
    return Place{std::move(opened), relative->filename().string(), true};
  }
  for (auto held = held_.rbegin(); held != held_.rend(); ++held) {
    if (auto directory = held->directory.lock(); directory && wanted.parent_path() == held->path) {
      return Place{std::move(directory), wanted.filename().string()};
    }
  }
  return Place{nullptr, path.string()};
}

}  // namespace renewd
