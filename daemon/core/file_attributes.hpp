// Reads and sets owner, group, mode, ACL and label of an open file. Part of PosixFilesystem.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string_view>

#include "core/error.hpp"
#include "core/filesystem.hpp"

namespace renewd {

inline constexpr mode_t kNewFileMode = 0600;

tl::unexpected<Error> disk_failure(std::string_view doing, const std::filesystem::path& path, int error_number);

// Errors of file systems (network, FUSE, old ones) that do not support the operation at all.
bool is_not_supported(int error_number);

// `path` is for messages.
Result<FileAttributes> read_attributes(int fd, const std::filesystem::path& path);

// Sets only what differs, so that an unprivileged process can replace its own file, also on a file system without
// owners or modes.
Result<void> apply_attributes(int fd, const std::filesystem::path& path, const FileAttributes& wanted);

}  // namespace renewd
