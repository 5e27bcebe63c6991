// The files of the host that is surveyed, by the paths that its programs know; tests put them under a root of their
// own.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/filesystem.hpp"

namespace renewd::setup {

class HostFiles {
 public:
  // `root` is put before every path. The filesystem must outlive the object.
  explicit HostFiles(const Filesystem& filesystem, std::filesystem::path root = "/")
      : filesystem_(&filesystem), root_(std::move(root)) {}

  // As Filesystem::read; at most 1 MiB, which no file of a configuration is larger than. Errors name the path under
  // the root.
  Result<std::string> read(const std::filesystem::path& path) const;
  bool exists(const std::filesystem::path& path) const;
  // Sorted; empty when the directory is not there or cannot be listed.
  std::vector<std::string> list(const std::filesystem::path& directory) const;
  // Where a symbolic link leads, absolute and by the paths that the host's programs know; nothing for anything else.
  std::optional<std::filesystem::path> link_target(const std::filesystem::path& path) const;
  // Every symbolic link followed; the path itself, without "." and "..", when it does not exist.
  std::filesystem::path canonical(const std::filesystem::path& path) const;

 private:
  std::filesystem::path under_root(const std::filesystem::path& path) const;

  const Filesystem* filesystem_;
  std::filesystem::path root_;
};

}  // namespace renewd::setup
