// Writes several files that belong together: all of them, or none.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "core/filesystem.hpp"

namespace renewd::setup {

struct PlannedFile {
  std::filesystem::path path;
  std::string_view bytes;  // must outlive the call
  FileAttributes attributes;
};

// Replaces existing files. Creates missing directories with mode 0750 and the group of the first file. After an error,
// everything is as before.
Result<void> write_file_set(Filesystem& filesystem, const std::vector<PlannedFile>& files);

}  // namespace renewd::setup
