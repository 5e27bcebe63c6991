// The disk of this host, with the power going at a chosen call: what was not synced by then is forgotten. The idea is
// that of leveldb's fault injection.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "core/filesystem.hpp"

namespace renewd::testing {

// What a test throws to end everything at once, as a crash would.
struct Crash {};

class CrashingFilesystem final : public Filesystem {
 public:
  // Everything under `root` is there durably now. The `crash_at`-th call that changes something (from 1) throws Crash
  // before it is made; 0 never.
  CrashingFilesystem(std::filesystem::path root, int crash_at);

  // The power comes back: under `root` there is what was synced, and nothing else.
  void lose_what_was_not_synced();
  // Calls that changed something so far.
  int calls() const { return calls_; }

  Result<std::string> read(const std::filesystem::path& path, std::size_t limit) const override;
  Result<FileAttributes> attributes(const std::filesystem::path& path) const override;
  Result<std::filesystem::path> canonical(const std::filesystem::path& path) const override;
  bool exists(const std::filesystem::path& path) const override;
  Result<std::vector<std::string>> list(const std::filesystem::path& directory) const override;
  Result<void> check_writable(const std::filesystem::path& directory) const override;
  Result<void> check_replaceable(const std::filesystem::path& file, const FileAttributes& attributes) const override {
    return real_.check_replaceable(file, attributes);
  }
  Result<FreeSpace> free_space(const std::filesystem::path& directory) const override;
  Result<void> create(const std::filesystem::path& path, std::string_view bytes,
                      const FileAttributes& attributes) override;
  Result<void> rename(const std::filesystem::path& from, const std::filesystem::path& to) override;
  Result<void> remove(const std::filesystem::path& path) override;
  Result<void> create_directories(const std::filesystem::path& directory, mode_t mode) override;
  Result<void> sync_directory(const std::filesystem::path& directory) override;
  Result<void> touch(const std::filesystem::path& path) override;
  Result<Descriptor> open_to_lock(const std::filesystem::path& path, bool create) const override {
    return real_.open_to_lock(path, create);
  }
  Result<HeldFile> follow(const std::filesystem::path& path) override { return real_.follow(path); }

 private:
  void change();
  std::map<std::filesystem::path, std::string> files() const;

  PosixFilesystem real_;
  std::filesystem::path root_;
  int crash_at_;
  int calls_ = 0;
  std::map<std::filesystem::path, std::string> durable_;
};

}  // namespace renewd::testing
