// Who can change what a path leads to, asked as sudo and sshd ask it of their own files.
#pragma once

#include <sys/types.h>

#include <filesystem>

#include "core/error.hpp"

namespace renewd {

// Succeeds when nobody but root and `user` can change what `path` leads to: each directory and each symbolic link on
// the way, and what is at its end, belongs to one of the two and cannot be written by a group or by everyone. In a
// directory with the sticky bit, such as /tmp, only the owner of a file replaces it: that is enough. The error, of kind
// disk, names the first place that others can change: "/srv/shared can be written by everyone (mode 0777)".
Result<void> check_trusted(const std::filesystem::path& path, uid_t user);

// For messages: "gravitee (uid 998)", "uid 4711".
std::string name_of_user(uid_t user);

}  // namespace renewd
