// The one seam to the disk: everything that must survive a power cut goes through it, so that tests can fail it or
// forget what was not synced. Blocking on purpose: no cancellation can split a replacement. Every error is of kind
// `disk` and names the path. What is not here: secrets (core/secret) and certificate bundles, which are only read.
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

// Who may do what with a file: what a replacement must carry over from the file that it replaces.
struct FileAttributes {
  uid_t owner = 0;
  gid_t group = 0;
  mode_t mode = 0600;  // without the set-id and sticky bits, which no file of ours has
  // The POSIX ACL and the security label, as raw extended attributes (acl(5), selinux(8)); absent where the file or
  // the file system has none.
  std::map<std::string, std::string> extended;
  // How many names the file has, whether it is a regular one, and whether what is made in the directory gets its group;
  // never carried over.
  nlink_t names = 1;
  bool regular = true;
  bool sets_group = false;

  bool operator==(const FileAttributes&) const = default;
};

struct HeldFile {
  std::filesystem::path path;    // without links
  std::string choice_of_others;  // as in core/trusted_path
  uid_t directory_owner = 0;
  std::shared_ptr<const void> directory;
};

class Filesystem {
 public:
  virtual ~Filesystem() = default;

  // The whole file; fails when it is longer than `limit` bytes or not a regular file.
  virtual Result<std::string> read(const std::filesystem::path& path, std::size_t limit) const = 0;
  virtual Result<FileAttributes> attributes(const std::filesystem::path& path) const = 0;
  // The path with every symbolic link followed; fails when it does not exist.
  virtual Result<std::filesystem::path> canonical(const std::filesystem::path& path) const = 0;
  // What cannot be looked at counts as there: using it then tells why, where "not there" would be taken for granted.
  virtual bool exists(const std::filesystem::path& path) const = 0;
  // The names in a directory, sorted; empty when the directory does not exist.
  virtual Result<std::vector<std::string>> list(const std::filesystem::path& directory) const = 0;
  // Whether this process may create, rename and remove files here, asked without doing so.
  virtual Result<void> check_writable(const std::filesystem::path& directory) const = 0;
  // Whether another file with these attributes could be renamed over this one, as write_durably() does it; asked of the
  // kernel without leaving anything behind. The error says what to do, where it is not only permission that lacks.
  virtual Result<void> check_replaceable(const std::filesystem::path& file, const FileAttributes& attributes) const = 0;
  // Bytes that this process may still write to the file system of `directory`.
  virtual Result<std::uint64_t> free_bytes(const std::filesystem::path& directory) const = 0;

  // Creates a file that must not exist yet, gives it `attributes` before it holds a byte, writes and syncs it. On
  // failure no file is left behind. What has an attribute already is not given it: some file systems refuse that.
  virtual Result<void> create(const std::filesystem::path& path, std::string_view bytes,
                              const FileAttributes& attributes) = 0;
  virtual Result<void> rename(const std::filesystem::path& from, const std::filesystem::path& to) = 0;
  // Removing what does not exist succeeds.
  virtual Result<void> remove(const std::filesystem::path& path) = 0;
  // Creates a directory and its parents, each with `mode`, and syncs them; one that exists is left as it is.
  virtual Result<void> create_directories(const std::filesystem::path& directory, mode_t mode) = 0;
  // Makes creations, renames and removals in a directory durable; on a file system that has no such thing, succeeds.
  virtual Result<void> sync_directory(const std::filesystem::path& directory) = 0;
  // Sets both times of a file to now.
  virtual Result<void> touch(const std::filesystem::path& path) = 0;
  // A file that the kernel can lock (flock(2)), opened for writing; made where `create` says so, and otherwise none
  // when it does not exist.
  virtual Result<Descriptor> open_to_lock(const std::filesystem::path& path, bool create) const = 0;
  // Where a path leads: resolved once. As long as the result lives, names in the file's directory mean what they mean
  // now, whatever becomes of the path. Fails when the file does not exist, or is part of the state.
  virtual Result<HeldFile> follow(const std::filesystem::path& path) = 0;
};

// The disk of this host. Two rules against those who may write where we work, whom no sequence of calls can outrun:
// - Below a directory of our own (the state) no symbolic link is followed, and a file counts only when it is a regular
//   one of ours, or root's, with a single name.
// - Root changes nothing in a directory that others can change.
class PosixFilesystem final : public Filesystem {
 public:
  PosixFilesystem() = default;
  // `own_directory` is ours alone (core/held_directories). Where it is not, each use of it fails.
  explicit PosixFilesystem(const std::filesystem::path& own_directory) { (void)own(own_directory); }
  // The error says why it is not: of another user, or open to others. One that does not exist yet is ours.
  Result<void> own(const std::filesystem::path& directory) { return held_.own(directory); }
  // Root may change things in this user's directories, too.
  void trust(uid_t user) { trusted_ = user; }
  // Called, on any thread, with what the disk cannot do and need not: once for each directory.
  void on_warning(std::function<void(const std::string& message)> warn) { warn_ = std::move(warn); }

  Result<std::string> read(const std::filesystem::path& path, std::size_t limit) const override;
  Result<FileAttributes> attributes(const std::filesystem::path& path) const override;
  Result<std::filesystem::path> canonical(const std::filesystem::path& path) const override;
  bool exists(const std::filesystem::path& path) const override;
  Result<std::vector<std::string>> list(const std::filesystem::path& directory) const override;
  Result<void> check_writable(const std::filesystem::path& directory) const override;
  Result<void> check_replaceable(const std::filesystem::path& file, const FileAttributes& attributes) const override;
  Result<std::uint64_t> free_bytes(const std::filesystem::path& directory) const override;
  Result<void> create(const std::filesystem::path& path, std::string_view bytes,
                      const FileAttributes& attributes) override;
  Result<void> rename(const std::filesystem::path& from, const std::filesystem::path& to) override;
  Result<void> remove(const std::filesystem::path& path) override;
  Result<void> create_directories(const std::filesystem::path& directory, mode_t mode) override;
  Result<void> sync_directory(const std::filesystem::path& directory) override;
  Result<void> touch(const std::filesystem::path& path) override;
  Result<Descriptor> open_to_lock(const std::filesystem::path& path, bool create) const override;
  Result<HeldFile> follow(const std::filesystem::path& path) override;

 private:
  Result<Place> find(std::string_view doing, const std::filesystem::path& path) const;
  // The place of what is to be changed.
  Result<Place> find_to_change(std::string_view doing, const std::filesystem::path& path) const;
  // Opens a file that is there. The error names what was done.
  Result<Descriptor> open(std::string_view doing, const std::filesystem::path& path, int flags) const;

  HeldDirectories held_;
  uid_t trusted_ = 0;
  std::function<void(const std::string&)> warn_ = [](const std::string&) {};
  std::mutex mutex_;  // the pool's threads use the disk, too
  std::set<std::filesystem::path> warned_;
};

// Writes a file that may already exist so that a reader, or the disk after a power cut, holds either the old bytes or
// the new ones: temporary file, sync, rename, sync of the directory. The order is leveldb's. `last_check` is asked
// right before the rename; its error leaves the old file. So does any other, but for that of the last sync.
Result<void> write_durably(Filesystem& filesystem, const std::filesystem::path& path, std::string_view bytes,
                           const FileAttributes& attributes, const std::function<Result<void>()>& last_check = {});

// Takes the same steps beside `path`, with a file of `size` zeros: what no question would find out (a quota, a network
// file system) fails now. Leaves nothing behind; call it where check_replaceable() or check_writable() succeed.
Result<void> rehearse_write(Filesystem& filesystem, const std::filesystem::path& path, std::size_t size,
                            const FileAttributes& attributes);

}  // namespace renewd
