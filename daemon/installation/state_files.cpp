#include "installation/state_files.hpp"

#include <unistd.h>

#include "installation/state.hpp"

namespace renewd::installation {

Result<FileAttributes> state_file_attributes(const Filesystem& filesystem, const std::filesystem::path& directory) {
  FileAttributes attributes{.owner = ::geteuid(), .group = ::getegid(), .mode = kStateFileMode, .extended = {}};
  if (attributes.owner == 0) {
    auto owner = filesystem.attributes(directory);
    if (!owner) {
      return tl::unexpected(std::move(owner.error()));
    }
    attributes.owner = owner->owner;
    attributes.group = owner->group;
  }
  return attributes;
}

Result<void> write_state(Filesystem& filesystem, const std::filesystem::path& file, std::string_view bytes) {
  const auto directory = file.parent_path();
  if (auto created = filesystem.create_directories(directory, kStateDirectoryMode); !created) {
    return created;
  }
  const auto attributes = state_file_attributes(filesystem, directory);
  if (!attributes) {
    return tl::unexpected(attributes.error());
  }
  return write_durably(filesystem, file, bytes, *attributes);
}

}  // namespace renewd::installation
