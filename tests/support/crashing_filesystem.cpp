#include "support/crashing_filesystem.hpp"

#include "support/temporary_directory.hpp"

namespace renewd::testing {

namespace fs = std::filesystem;

CrashingFilesystem::CrashingFilesystem(fs::path root, int crash_at) : root_(std::move(root)), crash_at_(crash_at) {
  durable_ = files();
  synced_ = durable_;
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

void CrashingFilesystem::lose_what_was_not_synced(PowerCut cut) {
  auto left = cut == PowerCut::keeps_names ? synced_ : durable_;
  for (const auto& [path, bytes] : files()) {
    const auto kept = left.find(path);
    if (kept == left.end()) {
      fs::remove(path);
    } else if (cut == PowerCut::tears_appends && bytes.starts_with(kept->second)) {
      kept->second = bytes.substr(0, kept->second.size() + (bytes.size() - kept->second.size()) / 2);
    }
  }
  for (const auto& [path, bytes] : left) {
    write_file(path, bytes);
  }
}

void CrashingFilesystem::change() {
  if (++calls_ == crash_at_) {
    throw Crash();
  }
}

Result<void> CrashingFilesystem::create(const fs::path& path, std::string_view bytes, const FileAttributes& attributes,
                                        Durability durability) {
  change();
  auto created = PosixFilesystem::create(path, bytes, attributes, durability);
  if (created) {
    synced_[path] = durability == Durability::process ? std::string() : std::string(bytes);
  }
  return created;
}

Result<void> CrashingFilesystem::append(const fs::path& path, std::string_view bytes, Durability durability) {
  change();
  auto appended = PosixFilesystem::append(path, bytes, durability);
  if (appended && durability != Durability::process) {
    synced_[path] = read_file(path);
    if (durable_.count(path) != 0) {
      durable_[path] = synced_[path];
    }
  }
  return appended;
}

Result<void> CrashingFilesystem::rename(const fs::path& from, const fs::path& to) {
  change();
  auto renamed = PosixFilesystem::rename(from, to);
  if (auto content = synced_.extract(from); renamed && content) {
    synced_[to] = std::move(content.mapped());
  }
  return renamed;
}

Result<void> CrashingFilesystem::remove(const fs::path& path) {
  change();
  synced_.erase(path);
  return PosixFilesystem::remove(path);
}

// Directories are taken to be durable at once: losing an empty one costs nothing.
Result<void> CrashingFilesystem::create_directories(const fs::path& directory, mode_t mode) {
  change();
  return PosixFilesystem::create_directories(directory, mode);
}

Result<void> CrashingFilesystem::sync_directory(const fs::path& directory) {
  change();
  auto synced = PosixFilesystem::sync_directory(directory);
  std::erase_if(durable_, [&](const auto& file) { return file.first.parent_path() == directory; });
  for (const auto& [path, bytes] : synced_) {
    if (path.parent_path() == directory) {
      durable_[path] = bytes;
    }
  }
  return synced;
}

Result<void> CrashingFilesystem::touch(const fs::path& path) {
  change();
  return PosixFilesystem::touch(path);
}

}  // namespace renewd::testing
