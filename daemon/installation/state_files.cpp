#include "installation/state_files.hpp"

#include <unistd.h>

#include "installation/state.hpp"

namespace renewd::installation {

FileAttributes state_file_attributes() {
  return {.owner = ::geteuid(), .group = ::getegid(), .mode = kStateFileMode, .extended = {}};
}

Result<void> write_state(Filesystem& filesystem, const std::filesystem::path& file, std::string_view bytes) {
  const auto directory = file.parent_path();
  if (auto created = filesystem.create_directories(directory, kStateDirectoryMode); !created) {
    return created;
  }
  return write_durably(filesystem, file, bytes, state_file_attributes());
}

}  // namespace renewd::installation
