// Whether a user may do something with a file: asked of the kernel, as that user.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/error.hpp"

namespace renewd {

struct User {
  std::string name;
  uid_t id = 0;
  gid_t group = 0;
  std::vector<gid_t> groups;
};

// A user of this host by its name or number. Error kind: disk.
Result<User> find_user(const std::string& name);

// `mode` is that of access(2). Without a user it is this process that asks; only root may ask for another user. The
// answer counts the groups of the user (not SupplementaryGroups= of a unit), access control lists and every directory
// on the way, but no sandbox of a systemd unit. The error, of kind disk, is the bare reason: "Permission denied". For
// another user it forks: call it from a process of one thread.
Result<void> check_access(const std::optional<User>& user, const std::filesystem::path& path, int mode);

}  // namespace renewd
