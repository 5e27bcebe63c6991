// Writing files of the state, which belong to the user that this process runs as.
#pragma once

#include <filesystem>
#include <string_view>

#include "core/filesystem.hpp"

namespace renewd::installation {

FileAttributes state_file_attributes();

// write_durably() for a file of the state; creates its directory. Errors: disk.
Result<void> write_state(Filesystem& filesystem, const std::filesystem::path& file, std::string_view bytes);

}  // namespace renewd::installation
