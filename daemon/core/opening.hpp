// Opens a file that others may exchange for anything else at any moment.
#pragma once

#include <sys/stat.h>

#include <string>

#include <tl/expected.hpp>

#include "core/descriptor.hpp"

namespace renewd {

struct OpenedFile {
  Descriptor file;
  struct stat status{};
};

enum class Pipes { ignored, opened };

// Opens the regular file or directory that `path` leads to, from the directory `at`, for reading. `flags`: O_NOFOLLOW,
// O_DIRECTORY or 0. Opening a device can have an effect, such as arming a watchdog, so nothing else is opened, or only
// a pipe, without waiting for its writer: there is no `file` then, only its status. The error is that of open(2).
tl::expected<OpenedFile, int> open_to_read(int at, const char* path, int flags, Pipes pipes = Pipes::ignored);

// The file in /proc by which system calls without a variant for descriptors reach an open file.
std::string path_of(const Descriptor& file);

}  // namespace renewd
