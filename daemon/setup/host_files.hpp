// The files of the surveyed host, by the paths that its own programs use; tests put them under another root.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/filesystem.hpp"

namespace renewd::setup {

class HostFiles {
 public:
  // `root` is prepended to every path. The filesystem must outlive the object.
  explicit HostFiles(const Filesystem& filesystem, std::filesystem::path root = "/")
      : filesystem_(&filesystem), root_(std::move(root)) {}

  // Like Filesystem::read, at most 1 MiB. Errors name the path with the root.
  Result<std::string> read(const std::filesystem::path& path) const;
  bool exists(const std::filesystem::path& path) const;
  // Sorted; empty when the directory is missing or cannot be read.
  std::vector<std::string> list(const std::filesystem::path& directory) const;
  // The target of a symbolic link, absolute and without the root; nothing for any other file.
  std::optional<std::filesystem::path> link_target(const std::filesystem::path& path) const;
  // With all symbolic links resolved; the normalized path itself when it does not exist.
  std::filesystem::path canonical(const std::filesystem::path& path) const;

 private:
  std::filesystem::path under_root(const std::filesystem::path& path) const;

  const Filesystem* filesystem_;
  std::filesystem::path root_;
};

// A path for messages.
std::string shown(const std::filesystem::path& path);

}  // namespace renewd::setup
