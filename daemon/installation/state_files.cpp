#include "installation/state_files.hpp"

#include <unistd.h>

#include <utility>

#include "installation/lock.hpp"

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

std::filesystem::path nearest_directory(const Filesystem& filesystem, std::filesystem::path directory) {
  while (!filesystem.exists(directory) && directory.has_relative_path()) {
    directory = directory.parent_path();
  }
  return directory;
}

Result<void> rehearse_state(Filesystem& filesystem, const StatePaths& paths) {
  constexpr std::size_t kLikeAKeystore = 8192;
  Result<void> done;
  for (const auto& wanted : {paths.directory, paths.generations()}) {
    const auto directory = nearest_directory(filesystem, wanted);
    if (wanted == paths.generations() && directory != wanted) {
      break;  // it will be made in the one that was tried
    }
    done = std::move(done).and_then([&] { return filesystem.check_writable(directory); }).and_then([&] {
      return rehearse_write(filesystem, directory / "rehearsal", kLikeAKeystore, state_file_attributes());
    });
  }
  return std::move(done).and_then(
      [&] { return rehearse_lock(filesystem, nearest_directory(filesystem, paths.directory)); });
}

}  // namespace renewd::installation
