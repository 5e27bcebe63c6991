// Reads a small file that an operator names: a secret, or the argument of a command. Never opens a device, since
// opening one can have an effect.
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

// For interactive commands, which may also read a pipe such as <(…) in a shell.
struct PipeTimeout {
  std::chrono::milliseconds limit{30000};
  std::function<void(std::string_view)> on_wait;  // called after a second, with a text for the user
};

// At most `limit` bytes of a regular file or, with `timeout`, of a pipe until its writers close it. The error is the
// bare reason: "No such file or directory", "it is a FIFO (a pipe), …".
Result<Secret> read_whole(const std::filesystem::path& path, std::size_t limit, const PipeTimeout* timeout = nullptr);

}  // namespace renewd
