// Reads the whole of a small file that an operator names: a secret, or the argument of a command. A device is never
// opened: that alone may do something.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <string_view>

#include "core/error.hpp"
#include "core/secret.hpp"

namespace renewd {

// "a directory", "a FIFO (a pipe)", "a device", "a socket"; empty for a regular file.
std::string_view special_kind(mode_t mode);

// For commands at a terminal, which also read pipes, as of a shell's <(…): how long one may take in all, and whom to
// tell, after a second, what is being waited for.
struct PipePatience {
  std::chrono::milliseconds at_most{30000};
  std::function<void(std::string_view)> tell;
};

// At most `limit` bytes of a regular file; with `patience`, or of a pipe until its writers close it. The error is the
// bare reason: "No such file or directory", "it is a FIFO (a pipe), …".
Result<Secret> read_whole(const std::filesystem::path& path, std::size_t limit, const PipePatience* patience = nullptr);

}  // namespace renewd
