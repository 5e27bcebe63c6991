// Several files that make sense only together: all of them are written, or none.
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

// Replaces those that exist. Directories that are missing are created with mode 0750 and the group of the first file.
// After an error everything is as it was.
Result<void> write_file_set(Filesystem& filesystem, const std::vector<PlannedFile>& files);

}  // namespace renewd::setup
