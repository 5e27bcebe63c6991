// Writing a file so that a reader, or the disk after a power cut, holds all of it or all of the previous one.
#include <random>
#include <string>
#include <utility>

#include <boost/crc.hpp>
#include <fmt/format.h>

#include "core/filesystem.hpp"
#include "core/try.hpp"

namespace renewd {
namespace {

namespace fs = std::filesystem;

// A fixed name: what a crash left behind is removed by the next attempt instead of piling up. A long one would not be
// allowed (NAME_MAX, which some file systems have at 143).
std::string temporary_name(const std::string& name) {
  constexpr std::size_t kLong = 100;
  if (name.size() <= kLong) {
    return fmt::format(".{}.gravitee-renewd", name);
  }
  boost::crc_32_type crc;
  crc.process_bytes(name.data(), name.size());
  return fmt::format(".{:08x}.gravitee-renewd", crc.checksum());
}

// Returns its path. `suffix` sets names of different purposes apart.
Result<fs::path> create_temporary(Filesystem& filesystem, const fs::path& path, std::string_view bytes,
                                  const FileAttributes& attributes, std::string_view suffix) {
  fs::path temporary = path.parent_path() / temporary_name(path.filename().string());
  temporary += suffix;
  const auto create = [&] {
    return filesystem.remove(temporary).and_then([&] { return filesystem.create(temporary, bytes, attributes); });
  };
  auto created = create();
  if (!created && filesystem.exists(temporary)) {
    // Somebody else has the name, in a directory where we may not remove his file: one that he cannot foresee.
    temporary += fmt::format("-{:08x}", std::random_device()());
    created = create();
  }
  return std::move(created).map([&] { return temporary; });
}

}  // namespace

Result<void> write_durably(Filesystem& filesystem, const fs::path& path, std::string_view bytes,
                           const FileAttributes& attributes, const std::function<Result<void>()>& last_check) {
  TRY_LET(const auto temporary, create_temporary(filesystem, path, bytes, attributes, ""));
  auto renamed = last_check ? last_check() : Result<void>();
  if (renamed) {
    renamed = filesystem.rename(temporary, path);
  }
  if (!renamed) {
    // The first failure is the one to report.
    (void)filesystem.remove(temporary);
    return renamed;
  }
  return filesystem.sync_directory(path.parent_path());
}

Result<void> rehearse_write(Filesystem& filesystem, const fs::path& path, std::size_t size,
                            const FileAttributes& attributes) {
  // Never the name of a file that somebody may be about to rename into its place.
  TRY_LET(const auto temporary, create_temporary(filesystem, path, std::string(size, '\0'), attributes, "-rehearsal"));
  fs::path renamed = temporary;
  renamed += "-renamed";
  auto done = filesystem.rename(temporary, renamed)
                  .and_then([&] { return filesystem.sync_directory(path.parent_path()); })
                  .and_then([&] { return filesystem.remove(renamed); });
  if (!done) {
    // The first failure is the one to report.
    (void)filesystem.remove(temporary);
    (void)filesystem.remove(renamed);
  }
  return done;
}

}  // namespace renewd
