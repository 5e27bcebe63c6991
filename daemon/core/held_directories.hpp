// Directories that are held open, so that a path below one leads where it led when the directory was opened, whoever
// renames or links what is on the way. Part of PosixFilesystem.
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

// Where the last name of a path is looked up, for the system calls that take a directory and a name (openat(2)).
struct Place {
  std::shared_ptr<const Descriptor> directory;  // none: the name is the whole path
  std::string name;
  // Below a directory of our own: neither links nor the files of others are there.
  bool own = false;

  int at() const { return directory ? directory->get() : AT_FDCWD; }
  // For the flags of openat(2): what is held was found without a link at its end.
  int no_follow() const { return directory ? O_NOFOLLOW : 0; }
};

// Why an existing state directory cannot be taken for that of `user` alone; empty when it can, or cannot be looked at.
std::string why_not_own(const std::filesystem::path& directory, uid_t user);

class HeldDirectories {
 public:
  // From now on all of `directory` is ours alone. Each use fails when it belongs to another user or can be written by
  // others, or when a symbolic link is met below it. It need not exist yet.
  // Says at once what is wrong with one that does.
  Result<void> own(const std::filesystem::path& directory);
  // As long as the result lives, the names in the directory at `path`, which is open already, are looked up there. One
  // of our own is an error: nothing else has business there. Error kind: disk.
  Result<std::shared_ptr<const void>> hold(const std::filesystem::path& path, Descriptor directory);

  // Error: an errno value, and what to say instead of its text, if anything.
  struct Refusal {
    int number;
    std::string message;
  };
  tl::expected<Place, Refusal> find(const std::filesystem::path& path) const;

 private:
  struct Own {
    std::filesystem::path path;
    std::shared_ptr<const Descriptor> directory;  // none: not opened yet
  };
  struct Held {
    std::filesystem::path path;
    std::weak_ptr<const Descriptor> directory;
  };
  static tl::expected<std::shared_ptr<const Descriptor>, Refusal> open(Own& own);

  mutable std::mutex mutex_;  // the pool's threads use the disk, too
  mutable std::vector<Own> own_;
  std::vector<Held> held_;
};

}  // namespace renewd
