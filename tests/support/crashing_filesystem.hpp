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

// What a power cut leaves of what was not synced. File systems differ, and none promises more than the first.
enum class PowerCut {
  loses_all,
  tears_appends,  // but half of the bytes that were added to a file
  keeps_names,    // but the names that were given, changed and removed: a content that was not synced is empty
};

class CrashingFilesystem final : public PosixFilesystem {
 public:
  // Everything under `root` is there durably now. The `crash_at`-th call that changes something (from 1) throws Crash
  // before it is made; 0 never.
  CrashingFilesystem(std::filesystem::path root, int crash_at);

  // The power comes back.
  void lose_what_was_not_synced(PowerCut cut = PowerCut::loses_all);
  // Calls that changed something so far.
  int calls() const { return calls_; }

  Result<void> create(const std::filesystem::path& path, std::string_view bytes, const FileAttributes& attributes,
                      Durability durability) override;
  Result<void> append(const std::filesystem::path& path, std::string_view bytes, Durability durability) override;
  Result<void> rename(const std::filesystem::path& from, const std::filesystem::path& to) override;
  Result<void> remove(const std::filesystem::path& path) override;
  Result<void> create_directories(const std::filesystem::path& directory, mode_t mode) override;
  Result<void> sync_directory(const std::filesystem::path& directory) override;
  Result<void> touch(const std::filesystem::path& path) override;

 private:
  void change();
  std::map<std::filesystem::path, std::string> files() const;

  std::filesystem::path root_;
  int crash_at_;
  int calls_ = 0;
  std::map<std::filesystem::path, std::string> durable_;  // names and contents
  std::map<std::filesystem::path, std::string> synced_;   // the contents of the names that there are now
};

}  // namespace renewd::testing
