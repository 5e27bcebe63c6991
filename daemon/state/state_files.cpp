#include "state/state_files.hpp"

#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "certificate/keystore.hpp"
#include "core/advice.hpp"
#include "core/try.hpp"
#include "state/lock.hpp"

namespace renewd::state {
namespace {

// The answer and a generation take a few KiB each, but may be larger; with less space than this, a file system is as
// good as full.
constexpr std::uint64_t kBytesForRenewal = 4 * certificate::kKeystoreLimit;
// Those of docs/state-format.md, and a temporary file.
constexpr std::uint64_t kFilesForRenewal = 16;

}  // namespace

FileAttributes state_file_attributes() {
  return {.owner = ::geteuid(), .group = ::getegid(), .mode = kStateFileMode, .extended = {}};
}

Result<void> write_state(Filesystem& filesystem, const std::filesystem::path& file, std::string_view bytes,
                         Durability durability) {
  const auto directory = file.parent_path();
  TRY(filesystem.create_directories(directory, kStateDirectoryMode));
  return write_atomically(filesystem, file, bytes, state_file_attributes(), durability);
}

std::filesystem::path nearest_directory(const Filesystem& filesystem, std::filesystem::path directory) {
  while (!filesystem.exists(directory) && directory.has_relative_path()) {
    directory = directory.parent_path();
  }
  return directory;
}

Result<void> check_state(const Filesystem& filesystem, const StatePaths& paths) {
  const auto directory = nearest_directory(filesystem, paths.directory());
  TRY(filesystem.check_writable(directory));
  if (filesystem.exists(paths.generations())) {
    TRY(filesystem.check_writable(paths.generations()));
  }
  // One that another user has left, such as root who restored a backup, stops every renewal.
  TRY(filesystem.open_to_lock(paths.lock(), false).map([](const Descriptor&) {}).map_error([&paths](Error error) {
    auto denial = explain_denial(paths.lock(), Sharing::none);
    return denial ? with_advice({error.kind, error.message + " (" + denial->message + ")"}, std::move(denial->advice))
                  : std::move(error);
  }));
  const auto space = filesystem.free_space(directory);
  if (!space) {
    return {};  // what cannot be measured is tried
  }
  const auto too_little = [&directory](const std::string& what) {
    return failure(ErrorKind::disk, fmt::format("{}: {}", directory.string(), what), std::string(advice_on(ENOSPC)));
  };
  if (space->bytes < kBytesForRenewal) {
    return too_little(fmt::format("too little space: {} KiB are free, and a renewal may need {} KiB",
                                  space->bytes / 1024, kBytesForRenewal / 1024));
  }
  if (space->files < kFilesForRenewal) {
    return too_little(
        fmt::format("too few inodes: {} are free, and a renewal needs {}", space->files, kFilesForRenewal));
  }
  return {};
}

Result<void> rehearse_state(Filesystem& filesystem, const StatePaths& paths) {
  constexpr std::size_t kKeystoreSize = 8192;
  const auto directory = nearest_directory(filesystem, paths.directory());
  const auto rehearse_in = [&filesystem](const std::filesystem::path& place) -> Result<void> {
    TRY(filesystem.check_writable(place));
    return rehearse_write(filesystem, place / "rehearsal", kKeystoreSize, state_file_attributes());
  };
  TRY(rehearse_in(directory));
  if (filesystem.exists(paths.generations())) {
    TRY(rehearse_in(paths.generations()));
  }
  return rehearse_lock(filesystem, directory);
}

}  // namespace renewd::state
