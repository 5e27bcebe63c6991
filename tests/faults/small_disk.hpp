// A real file system of a few MiB (tmpfs) in the place of a directory: what is full, out of inodes or read-only is so
// by the kernel's own word.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace renewd::testing {

class SmallDisk {
 public:
  // Why this process cannot mount anything; nothing when it can. Gives it mounts of its own, which vanish with it.
  static std::optional<std::string> obstacle();

  // Mounts over `directory`, which is made if it is missing. `options` are tmpfs(5)'s: "size=8m".
  SmallDisk(std::filesystem::path directory, const std::string& options);
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  ~SmallDisk();

  // Takes all the room there is, and gives it back.
  void fill();
  void make_room();
  enum class Access { read_only, read_write };
  void remount(Access access);
  void allow_inodes(int count);

 private:
  std::filesystem::path directory_;
};

}  // namespace renewd::testing
