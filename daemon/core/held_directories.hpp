// Directories that stay open, so that nobody can redirect the paths below them by renames or links. Part of
// PosixFilesystem.
#pragma once

#include <fcntl.h>
#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/descriptor.hpp"
#include "core/error.hpp"

namespace renewd {

// A directory and a name, for openat(2) and similar system calls.
struct Place {
  std::shared_ptr<const Descriptor> directory;  // null: `name` is the whole path
  std::string name;
  bool own = false;  // below an own directory: no links, no files of other users

  int at() const { return directory ? directory->get() : AT_FDCWD; }
  // A flag for openat(2).
  int no_follow() const { return directory ? O_NOFOLLOW : 0; }
};

// Why `user` cannot use an existing directory as the state directory: another owner, or others can write to it. Empty
// if there is no reason, or the directory cannot be read.
std::string why_not_own(const std::filesystem::path& directory, uid_t user);

class HeldDirectories {
 public:
  // Makes `directory`, which need not exist yet, an own directory: every later use fails if it belongs to another user,
  // if others can write to it, or if there is a symbolic link below it. Reports at once what is wrong with it now.
  Result<void> own(const std::filesystem::path& directory);
  // While the result lives, names in the directory at `path` are looked up in `directory`. Fails for an own directory
  // (error kind disk).
  Result<std::shared_ptr<const void>> hold(const std::filesystem::path& path, Descriptor directory);

  // An errno value, and a message that replaces its text unless empty.
  struct Refusal {
    int number;
    std::string message;
  };
  tl::expected<Place, Refusal> find(const std::filesystem::path& path) const;

 private:
  struct Own {
    std::filesystem::path path;
    std::shared_ptr<const Descriptor> directory;  // null: not opened yet
  };
  struct Held {
    std::filesystem::path path;
    std::weak_ptr<const Descriptor> directory;
  };
  static tl::expected<std::shared_ptr<const Descriptor>, Refusal> open(Own& own);

  mutable std::mutex mutex_;  // the threads of the pool also use the disk
  mutable std::vector<Own> own_;
  std::vector<Held> held_;
};

}  // namespace renewd
