// Asks the kernel what another user may do with a file.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>

#include "core/error.hpp"
#include "core/user.hpp"

namespace renewd {

// Runs `question` as `user`, in a child process (so only from a process with one thread, as root); without a user, in
// this process. The errors of `question` must be of kind disk; the child returns only their messages and advice.
Result<void> ask_as(const std::optional<User>& user, const std::function<Result<void>()>& question);

// `mode` is that of access(2). Takes the user's groups, access control lists and every directory on the path into
// account, but not the sandbox of a systemd unit. The error, of kind disk, is the bare reason: "Permission denied".
Result<void> check_access(const std::optional<User>& user, const std::filesystem::path& path, int mode);

}  // namespace renewd
