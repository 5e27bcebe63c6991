#include "core/held_directories.hpp"

#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include "core/trusted_path.hpp"

namespace renewd {
namespace {

namespace fs = std::filesystem;
using Shared = std::shared_ptr<const Descriptor>;

constexpr int kDirectory = O_PATH | O_DIRECTORY | O_CLOEXEC;

// Without a wrapper in the C library (openat2(2)).
int open_resolving(int directory, const fs::path& path, int flags, std::uint64_t resolve) {
  open_how how{};
  how.flags = static_cast<unsigned>(flags);
  how.resolve = resolve;
  return static_cast<int>(::syscall(SYS_openat2, directory, path.c_str(), &how, sizeof how));
}

int open_beneath(int directory, const fs::path& path, int flags) {
  return open_resolving(directory, path, flags, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
}

bool is_removed(const Descriptor& directory) {
  struct stat status{};
  return ::fstat(directory.get(), &status) != 0 || status.st_nlink == 0;
}

// Nothing for a path that is not below the directory.
std::optional<fs::path> below(const fs::path& path, const fs::path& directory) {
  const auto [rest, at] = std::mismatch(directory.begin(), directory.end(), path.begin(), path.end());
  if (rest != directory.end()) {
    return std::nullopt;
  }
  fs::path relative;
  for (auto name = at; name != path.end(); ++name) {
    relative /= *name;
  }
  return relative;
}

// As paths are compared: "/a/b/" and "/a/./b" are "/a/b".
fs::path plain(const fs::path& path) {
  const fs::path normal = path.lexically_normal();
  return normal.has_filename() ? normal : normal.parent_path();
}

std::string why_not_own(const fs::path& path, const struct stat& status, uid_t user) {
  if (status.st_uid != user) {
    return fmt::format("the state directory {} belongs to {} and not to {}, who works with it", path.string(),
                       name_of_user(status.st_uid), name_of_user(user));
  }
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return fmt::format(
        "the state directory {} can be written by others (mode {:04o}): chmod 0700 it once nothing foreign "
        "is in it",
        path.string(), status.st_mode & 07777U);
  }
  return "";
}

HeldDirectories::Refusal refusal(int number, std::string message = {}) {
  return {number, std::move(message)};
}

}  // namespace

Descriptor open_without_links(const fs::path& path, int flags) {
  return Descriptor(open_resolving(AT_FDCWD, path, flags | O_CLOEXEC, RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS));
}

std::string why_not_own(const fs::path& directory, uid_t user) {
  struct stat status{};
  return ::stat(directory.c_str(), &status) == 0 ? why_not_own(directory, status, user) : "";
}

Result<void> HeldDirectories::own(const fs::path& directory) {
  const std::lock_guard lock(mutex_);
  const fs::path path = plain(directory);
  auto found = std::find_if(own_.begin(), own_.end(), [&path](const Own& own) { return own.path == path; });
  if (found == own_.end()) {
    found = own_.insert(own_.end(), {path, nullptr});
  }
  const auto opened = open(*found);
  return opened || opened.error().message.empty() ? Result<void>() : failure(ErrorKind::disk, opened.error().message);
}

Result<std::shared_ptr<const void>> HeldDirectories::hold(const fs::path& directory) {
  auto held = std::make_shared<const Descriptor>(::open(directory.c_str(), kDirectory));
  if (!*held) {
    return system_failure(ErrorKind::disk, "opening the directory " + directory.string(), errno);
  }
  const std::lock_guard lock(mutex_);
  const fs::path path = plain(directory);
  if (std::any_of(own_.begin(), own_.end(), [&path](const Own& own) { return below(path, own.path).has_value(); })) {
    return failure(ErrorKind::disk, directory.string() + " is part of the state: nothing else is kept there");
  }
  std::erase_if(held_, [](const Held& one) { return one.directory.expired(); });
  held_.push_back({path, held});
  return held;
}

// Asked at each use: what was ours once can be given away, or opened to others, later.
tl::expected<Shared, HeldDirectories::Refusal> HeldDirectories::open(Own& own) {
  if (!own.directory || is_removed(*own.directory)) {
    own.directory = nullptr;
    auto opened = std::make_shared<const Descriptor>(::open(own.path.c_str(), kDirectory));
    if (!*opened) {
      return tl::unexpected(refusal(errno));
    }
    own.directory = std::move(opened);
  }
  struct stat status{};
  if (::fstat(own.directory->get(), &status) != 0) {
    return tl::unexpected(refusal(errno));
  }
  if (auto why = why_not_own(own.path, status, ::geteuid()); !why.empty()) {
    return tl::unexpected(refusal(EPERM, std::move(why)));
  }
  return own.directory;
}

tl::expected<Place, HeldDirectories::Refusal> HeldDirectories::find(const fs::path& path) const {
  const std::lock_guard lock(mutex_);
  const fs::path wanted = plain(path);
  for (Own& own : own_) {
    const auto relative = below(wanted, own.path);
    if (!relative) {
      continue;
    }
    const auto root = open(own);
    if (!root) {
      return tl::unexpected(root.error());
    }
    if (relative->empty()) {
      return Place{*root, ".", true};
    }
    const fs::path parent = relative->parent_path();
    if (parent.empty()) {
      return Place{*root, relative->string(), true};
    }
    auto opened = std::make_shared<const Descriptor>(open_beneath((*root)->get(), parent, kDirectory));
    if (!*opened) {
      return tl::unexpected(refusal(errno, errno == ELOOP ? "a symbolic link is on the way" : ""));
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
