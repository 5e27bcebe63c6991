// Writing files of the state, which belong to the user that this process runs as.
#pragma once

#include <filesystem>
#include <string_view>

#include "core/filesystem.hpp"
#include "state/paths.hpp"

namespace renewd::state {

FileAttributes state_file_attributes();

// write_atomically() for a file of the state; creates its directory. Errors: disk.
Result<void> write_state(Filesystem& filesystem, const std::filesystem::path& file, std::string_view bytes,
                         Durability durability = Durability::full);

// Whether the file system of a certificate's state takes what one renewal writes: it is writable, and has room for the
// answer and a generation. Tries nothing, so it can be asked at every check. Errors: disk.
Result<void> check_state(const Filesystem& filesystem, const StatePaths& paths);

// Tries to write the state of a certificate, including a generation, and leaves nothing behind. If its directory does
// not exist yet, tries the nearest existing one above. Errors: disk.
Result<void> rehearse_state(Filesystem& filesystem, const StatePaths& paths);

// The directory itself, or the nearest existing one above.
std::filesystem::path nearest_directory(const Filesystem& filesystem, std::filesystem::path directory);

}  // namespace renewd::state
