// Failures of a renewal by hand, which `check` tells of where a timer runs `renew`. A daemon keeps its own account, and
// nothing is changed while one runs. Best effort: on a disk that takes nothing the renewal has failed anyway, and said
// so.
#pragma once

#include <filesystem>
#include <string>

#include "core/error.hpp"
#include "core/filesystem.hpp"

namespace renewd::commands {

void remember_failure(Filesystem& filesystem, const std::filesystem::path& state_directory,
                      const std::string& certificate, const Error& error);
void forget_failures(Filesystem& filesystem, const std::filesystem::path& state_directory,
                     const std::string& certificate);

}  // namespace renewd::commands
