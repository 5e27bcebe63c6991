// Checks which users can change the file that a path leads to, as sudo and sshd do for their own files.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

#include "core/descriptor.hpp"
#include "core/error.hpp"

namespace renewd {

// Succeeds if only root and `user` can change what `path` leads to: every directory and symbolic link on the path, and
// the file itself, belongs to one of them, and neither its group nor everyone can write to it. Directories with the
// sticky bit, such as /tmp, are safe, because only the owner can replace a file in them. The error, of kind disk, names
// the first place that others can change: "/srv/shared can be written by everyone (mode 0777)".
Result<void> check_trusted(const std::filesystem::path& path, uid_t user);

// The first place that others can change, described as above; empty if there is none. Fails if this cannot be checked.
Result<std::string> changed_by_others(const std::filesystem::path& path, uid_t user);

// A path that was resolved once.
struct ResolvedPath {
  std::filesystem::path path;  // of the file, without links
  Descriptor directory;        // its directory (O_PATH)
  // If users other than root and `user` can choose the file: the symbolic link, or the directory before one, that they
  // can change. Otherwise empty.
  std::string choice_of_others;
};

// Resolves the links of a path as the kernel does, in one pass. The file must exist. Error kind: disk.
Result<ResolvedPath> follow(const std::filesystem::path& path, uid_t user);

// For messages: "gravitee (uid 998)", "uid 4711".
std::string name_of_user(uid_t user);

}  // namespace renewd
