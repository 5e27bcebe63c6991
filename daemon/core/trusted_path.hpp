// Who can change what a path leads to, asked as sudo and sshd ask it of their own files.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

#include "core/descriptor.hpp"
#include "core/error.hpp"

namespace renewd {

// Succeeds when nobody but root and `user` can change what `path` leads to: each directory and each symbolic link on
// the way, and what is at its end, belongs to one of the two and cannot be written by a group or by everyone. In a
// directory with the sticky bit, such as /tmp, only the owner of a file replaces it: that is enough. The error, of kind
// disk, names the first place that others can change: "/srv/shared can be written by everyone (mode 0777)".
Result<void> check_trusted(const std::filesystem::path& path, uid_t user);

// The same as an answer: the first place that others can change, empty where there is none. The error, of kind disk, is
// then that it could not be looked at.
Result<std::string> changed_by_others(const std::filesystem::path& path, uid_t user);

// Where a path leads, resolved once and held from then on.
struct Followed {
  std::filesystem::path path;  // of the file, without links
  Descriptor directory;        // the one that it is in (O_PATH)
  // What somebody else than root and `user` can change, where that decides which file it is: a symbolic link on the
  // way, or a directory before one; empty when there is no such thing.
  std::string choice_of_others;
};

// Follows the links of a path as the kernel does, in one pass. The file must be there. Error kind: disk.
Result<Followed> follow(const std::filesystem::path& path, uid_t user);

// For messages: "gravitee (uid 998)", "uid 4711".
std::string name_of_user(uid_t user);

}  // namespace renewd
