// Writing files of the state. They belong to whoever we are, but what root makes, by a command by hand, to the owner of
// the directory: the daemon, which is somebody else, must be able to go on with it.
#pragma once

#include <filesystem>
#include <string_view>

#include "core/filesystem.hpp"

namespace renewd::installation {

// For a new file in `directory`, which must be there. Errors: disk.
Result<FileAttributes> state_file_attributes(const Filesystem& filesystem, const std::filesystem::path& directory);

// write_durably() for a file of the state; creates its directory. Errors: disk.
Result<void> write_state(Filesystem& filesystem, const std::filesystem::path& file, std::string_view bytes);

}  // namespace renewd::installation
