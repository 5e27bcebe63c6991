// The interface to the disk for everything that must survive a power cut, so that tests can let calls fail or lose what
// was not synced. Calls block on purpose: no cancellation can interrupt a replacement. Every error is of kind `disk`
// and names the path. Secrets (core/secret) and certificate bundles, which are only read, do not use it.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "core/descriptor.hpp"
#include "core/error.hpp"
#include "core/held_directories.hpp"

namespace renewd {

// The permissions that a file inherits from the one that it replaces.
struct FileAttributes {
  uid_t owner = 0;
  gid_t group = 0;
  mode_t mode = 0600;  // without the set-id and sticky bits
  // The POSIX ACL and the security label, if any, as raw extended attributes (acl(5), selinux(8)).
  std::map<std::string, std::string> extended;
  // Not inherited.
  nlink_t names = 1;        // hard links
  bool regular = true;      // a regular file
  bool sets_group = false;  // a directory whose group new files get

  bool operator==(const FileAttributes&) const = default;
};

// What this process can still write to a file system. The highest number where the file system reports none
// (ramfs, FUSE, Btrfs).
struct FreeSpace {
  std::uint64_t bytes;
  std::uint64_t files;
};

// What a change of a file survives once it has been made.
enum class Durability {
  process,  // the end of this process, but no power cut
  content,  // a power cut, as soon as the directory is synced, which a new name needs
  full,     // a power cut
};

struct HeldFile {
  std::filesystem::path path;    // without links
  std::string choice_of_others;  // see core/trusted_path
  uid_t directory_owner = 0;
  std::shared_ptr<const void> directory;
};

class Filesystem {
 public:
  virtual ~Filesystem() = default;

  // The whole file; fails when it is longer than `limit` bytes or not a regular file.
  virtual Result<std::string> read(const std::filesystem::path& path, std::size_t limit) const = 0;
  virtual Result<FileAttributes> attributes(const std::filesystem::path& path) const = 0;
  // The path with every symbolic link resolved; fails when it does not exist.
  virtual Result<std::filesystem::path> canonical(const std::filesystem::path& path) const = 0;
  // Also true if this cannot be determined, so that using the file reports the error.
  virtual bool exists(const std::filesystem::path& path) const = 0;
  // The names in a directory, sorted; empty when the directory does not exist.
  virtual Result<std::vector<std::string>> list(const std::filesystem::path& directory) const = 0;
  // Whether this process may create, rename and remove files here. Changes nothing.
  virtual Result<void> check_writable(const std::filesystem::path& directory) const = 0;
  // Whether write_atomically() could replace the file by one with these attributes. Leaves nothing behind. The error
  // says what to do if the cause is not a missing permission.
  virtual Result<void> check_replaceable(const std::filesystem::path& file, const FileAttributes& attributes) const = 0;
  // Of the file system of `directory`, for an ordinary user.
  virtual Result<FreeSpace> free_space(const std::filesystem::path& directory) const = 0;

  // Creates a file, which must not exist, sets `attributes` before writing anything, writes it and, unless only the
  // process must be survived, syncs it (not its directory). Leaves no file behind on failure.
  virtual Result<void> create(const std::filesystem::path& path, std::string_view bytes,
                              const FileAttributes& attributes, Durability durability) = 0;
  // Adds to the end of a file, which must exist, and syncs it unless only the process must be survived. After a failure
  // the file is as before as far as possible, and after a crash a part of `bytes` may be there.
  virtual Result<void> append(const std::filesystem::path& path, std::string_view bytes, Durability durability) = 0;
  virtual Result<void> rename(const std::filesystem::path& from, const std::filesystem::path& to) = 0;
  // Succeeds if the file does not exist.
  virtual Result<void> remove(const std::filesystem::path& path) = 0;
  // Creates a directory and missing parents with `mode`, and syncs them. Does not change existing directories.
  virtual Result<void> create_directories(const std::filesystem::path& directory, mode_t mode) = 0;
  // Makes creations, renames and removals in a directory durable. Succeeds if the file system does not support this.
  virtual Result<void> sync_directory(const std::filesystem::path& directory) = 0;
  // Sets access and modification time to now.
  virtual Result<void> touch(const std::filesystem::path& path) = 0;
  // Opens a file for flock(2). If it does not exist, creates it or, without `create`, returns an empty descriptor.
  virtual Result<Descriptor> open_to_lock(const std::filesystem::path& path, bool create) const = 0;
  // Resolves a path once: while the result lives, names in the file's directory refer to the directory that was found,
  // even if the path then leads elsewhere. Fails if the file does not exist or is in the state directory.
  virtual Result<HeldFile> follow(const std::filesystem::path& path) = 0;
};

// The disk of this host. Two rules protect it against other users who can write to the same directories:
// - Below an own directory (the state directory) it follows no symbolic link, and accepts only regular files with one
//   name that belong to this user or to root.
// - Root changes nothing in a directory that others can change.
class PosixFilesystem : public Filesystem {
 public:
  PosixFilesystem() = default;
  // As own(), whose error each use of the directory then repeats.
  explicit PosixFilesystem(const std::filesystem::path& own_directory) { (void)own(own_directory); }
  // Only this user may write below `directory` (core/held_directories), which need not exist yet. Fails if it belongs
  // to another user, or others can write to it.
  Result<void> own(const std::filesystem::path& directory) { return held_.own(directory); }
  // Lets root change files in this user's directories.
  void trust(uid_t user) { trusted_ = user; }
  // `warn` may be called on any thread, once for each directory that cannot be synced.
  void on_warning(std::function<void(const std::string& message)> warn) { warn_ = std::move(warn); }

  Result<std::string> read(const std::filesystem::path& path, std::size_t limit) const override;
  Result<FileAttributes> attributes(const std::filesystem::path& path) const override;
  Result<std::filesystem::path> canonical(const std::filesystem::path& path) const override;
  bool exists(const std::filesystem::path& path) const override;
  Result<std::vector<std::string>> list(const std::filesystem::path& directory) const override;
  Result<void> check_writable(const std::filesystem::path& directory) const override;
  Result<void> check_replaceable(const std::filesystem::path& file, const FileAttributes& attributes) const override;
  Result<FreeSpace> free_space(const std::filesystem::path& directory) const override;
  Result<void> create(const std::filesystem::path& path, std::string_view bytes, const FileAttributes& attributes,
                      Durability durability) override;
  Result<void> append(const std::filesystem::path& path, std::string_view bytes, Durability durability) override;
  Result<void> rename(const std::filesystem::path& from, const std::filesystem::path& to) override;
  Result<void> remove(const std::filesystem::path& path) override;
  Result<void> create_directories(const std::filesystem::path& directory, mode_t mode) override;
  Result<void> sync_directory(const std::filesystem::path& directory) override;
  Result<void> touch(const std::filesystem::path& path) override;
  Result<Descriptor> open_to_lock(const std::filesystem::path& path, bool create) const override;
  Result<HeldFile> follow(const std::filesystem::path& path) override;

 private:
  Result<Place> find(std::string_view doing, const std::filesystem::path& path) const;
  Result<Place> find_to_change(std::string_view doing, const std::filesystem::path& path) const;
  Result<Descriptor> open(std::string_view doing, const std::filesystem::path& path, int flags) const;

  HeldDirectories held_;
  uid_t trusted_ = 0;
  std::function<void(const std::string&)> warn_ = [](const std::string&) {};
  std::mutex mutex_;  // protects warned_: the threads of the pool also use the disk
  std::set<std::filesystem::path> warned_;
};

// Writes or replaces a file so that a reader, or the disk after a power cut, has either the old bytes or the new ones:
// temporary file, sync, rename, sync of the directory (leveldb's order). With less than full durability some of these
// syncs are left out; without any, a power cut may leave an empty file. Calls `last_check` just before the rename, and
// stops if it fails. After any error except that of the last sync, the old file is still there.
Result<void> write_atomically(Filesystem& filesystem, const std::filesystem::path& path, std::string_view bytes,
                              const FileAttributes& attributes, Durability durability = Durability::full,
                              const std::function<Result<void>()>& last_check = {});

// Performs the same steps next to `path` with `size` zeros, except for the sync of the directory. This finds what the
// checks cannot (a quota, a network file system). Leaves nothing behind. Call it after check_replaceable() or
// check_writable().
Result<void> rehearse_write(Filesystem& filesystem, const std::filesystem::path& path, std::size_t size,
                            const FileAttributes& attributes);

}  // namespace renewd
