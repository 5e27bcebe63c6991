// Whether a user may do something with a file: asked of the kernel, as that user.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>

#include "core/error.hpp"
#include "core/user.hpp"

namespace renewd {

// `mode` is that of access(2). Without a user it is this process that asks; only root may ask for another user. The
// answer counts the groups of the user, access control lists and every directory
// on the way, but no sandbox of a systemd unit. The error, of kind disk, is the bare reason: "Permission denied". For
// another user it forks: call it from a process of one thread.
Result<void> check_access(const std::optional<User>& user, const std::filesystem::path& path, int mode);

// The same for any question whose errors are of kind disk.
Result<void> ask_as(const std::optional<User>& user, const std::function<Result<void>()>& question);

}  // namespace renewd
