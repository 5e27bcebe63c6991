// Owner, group, mode, ACL and label of an open file: reading them, and giving them to another. Part of PosixFilesystem.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string_view>

#include "core/error.hpp"
#include "core/filesystem.hpp"

namespace renewd {

inline constexpr mode_t kNewFileMode = 0600;

tl::unexpected<Error> disk_failure(std::string_view doing, const std::filesystem::path& path, int error_number);

// What a file system says that has no such thing, whoever asks: network file systems, FUSE, and old ones (fsync(2) has
// EINVAL for that, and EBADF was seen for a directory that is open for reading).
bool is_not_supported(int error_number);

// `path` is for messages.
Result<FileAttributes> read_attributes(int fd, const std::filesystem::path& path);

// Only what differs is set: a process without privileges may still replace a file that it owns itself, also on a file
// system that knows neither owners nor rights.
Result<void> apply_attributes(int fd, const std::filesystem::path& path, const FileAttributes& wanted);

}  // namespace renewd
