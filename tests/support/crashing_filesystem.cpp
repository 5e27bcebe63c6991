#include "support/crashing_filesystem.hpp"

#include "support/temporary_directory.hpp"

namespace renewd::testing {

namespace fs = std::filesystem;

CrashingFilesystem::CrashingFilesystem(fs::path root, int crash_at) : root_(std::move(root)), crash_at_(crash_at) {
  durable_ = files();
}

std::map<fs::path, std::string> CrashingFilesystem::files() const {
  std::map<fs::path, std::string> found;
  for (const auto& entry : fs::recursive_directory_iterator(root_)) {
    if (entry.is_regular_file()) {
      found.emplace(entry.path(), read_file(entry.path()));
    }
  }
  return found;
}

void CrashingFilesystem::lose_what_was_not_synced() {
  for (const auto& [path, bytes] : files()) {
    if (durable_.count(path) == 0) {
      fs::remove(path);
    }
  }
  for (const auto& [path, bytes] : durable_) {
    write_file(path, bytes);
  }
}

void CrashingFilesystem::change() {
  if (++calls_ == crash_at_) {
    throw Crash();
  }
}

Result<std::string> CrashingFilesystem::read(const fs::path& path, std::size_t limit) const {
  return real_.read(path, limit);
}

Result<FileAttributes> CrashingFilesystem::attributes(const fs::path& path) const {
  return real_.attributes(path);
}

Result<fs::path> CrashingFilesystem::canonical(const fs::path& path) const {
  return real_.canonical(path);
}

bool CrashingFilesystem::exists(const fs::path& path) const {
  return real_.exists(path);
}

Result<std::vector<std::string>> CrashingFilesystem::list(const fs::path& directory) const {
  return real_.list(directory);
}

Result<void> CrashingFilesystem::check_writable(const fs::path& directory) const {
  return real_.check_writable(directory);
}

Result<FreeSpace> CrashingFilesystem::free_space(const fs::path& directory) const {
  return real_.free_space(directory);
}

Result<void> CrashingFilesystem::create(const fs::path& path, std::string_view bytes,
                                        const FileAttributes& attributes) {
  change();
  return real_.create(path, bytes, attributes);
}

Result<void> CrashingFilesystem::rename(const fs::path& from, const fs::path& to) {
  change();
  return real_.rename(from, to);
}

Result<void> CrashingFilesystem::remove(const fs::path& path) {
  change();
  return real_.remove(path);
}

// Directories are taken to be durable at once: losing an empty one costs nothing.
Result<void> CrashingFilesystem::create_directories(const fs::path& directory, mode_t mode) {
  change();
  return real_.create_directories(directory, mode);
}

Result<void> CrashingFilesystem::sync_directory(const fs::path& directory) {
  change();
  auto synced = real_.sync_directory(directory);
  std::erase_if(durable_, [&](const auto& file) { return file.first.parent_path() == directory; });
  for (auto& [path, bytes] : files()) {
    if (path.parent_path() == directory) {
      durable_[path] = std::move(bytes);
    }
  }
  return synced;
}

Result<void> CrashingFilesystem::touch(const fs::path& path) {
  change();
  return real_.touch(path);
}

}  // namespace renewd::testing
