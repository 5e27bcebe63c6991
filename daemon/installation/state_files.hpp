// Writing files of the state, which belong to the user that this process runs as.
#pragma once

#include <filesystem>
#include <string_view>

#include "core/filesystem.hpp"
#include "installation/state.hpp"

namespace renewd::installation {

FileAttributes state_file_attributes();

// write_durably() for a file of the state; creates its directory. Errors: disk.
Result<void> write_state(Filesystem& filesystem, const std::filesystem::path& file, std::string_view bytes);

// Whether the state of a certificate could be written, a generation included: tried, and nothing is left of it. Where
// its directory does not exist yet, it is the nearest one above that counts. Errors: disk.
Result<void> rehearse_state(Filesystem& filesystem, const StatePaths& paths);

// The directory itself, or the nearest one around it that is there.
std::filesystem::path nearest_directory(const Filesystem& filesystem, std::filesystem::path directory);

}  // namespace renewd::installation
