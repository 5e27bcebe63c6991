// Replaces a file atomically: a reader, or the disk after a power cut, has all of the new file or all of the previous.
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

// The name is fixed, so that the next attempt removes what a crash left behind. Long names are shortened, since some
// file systems allow only 143 bytes (NAME_MAX).
std::string temporary_name(const std::string& name) {
  constexpr std::size_t kMaxName = 100;
  if (name.size() <= kMaxName) {
    return fmt::format(".{}.gravitee-renewd", name);
  }
  boost::crc_32_type crc;
  crc.process_bytes(name.data(), name.size());
  return fmt::format(".{:08x}.gravitee-renewd", crc.checksum());
}

// Returns its path.
Result<fs::path> create_temporary(Filesystem& filesystem, const fs::path& path, std::string_view bytes,
                                  const FileAttributes& attributes, Durability durability, std::string_view suffix) {
  fs::path temporary = path.parent_path() / temporary_name(path.filename().string());
  temporary += suffix;
  const auto create = [&] {
    return filesystem.remove(temporary).and_then(
        [&] { return filesystem.create(temporary, bytes, attributes, durability); });
  };
  auto created = create();
  if (!created && filesystem.exists(temporary)) {
    // Another user's file has this name and cannot be removed: use a name that nobody can predict.
    temporary += fmt::format("-{:08x}", std::random_device()());
    created = create();
  }
  return std::move(created).map([&] { return temporary; });
}

}  // namespace

Result<void> write_atomically(Filesystem& filesystem, const fs::path& path, std::string_view bytes,
                              const FileAttributes& attributes, Durability durability,
                              const std::function<Result<void>()>& last_check) {
  TRY_LET(const auto temporary, create_temporary(filesystem, path, bytes, attributes, durability, ""));
  auto renamed = last_check ? last_check() : Result<void>();
  if (renamed) {
    renamed = filesystem.rename(temporary, path);
  }
  if (!renamed) {
    (void)filesystem.remove(temporary);
    return renamed;
  }
  return durability == Durability::full ? filesystem.sync_directory(path.parent_path()) : Result<void>();
}

Result<void> rehearse_write(Filesystem& filesystem, const fs::path& path, std::size_t size,
                            const FileAttributes& attributes) {
  // The suffix keeps it apart from the temporary file of a write that another process may be doing now.
  TRY_LET(const auto temporary,
          create_temporary(filesystem, path, std::string(size, '\0'), attributes, Durability::content, "-rehearsal"));
  fs::path renamed = temporary;
  renamed += "-renamed";
  auto done = filesystem.rename(temporary, renamed).and_then([&] { return filesystem.remove(renamed); });
  if (!done) {
    (void)filesystem.remove(temporary);
    (void)filesystem.remove(renamed);
  }
  return done;
}

}  // namespace renewd
