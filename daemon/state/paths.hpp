// Where one certificate's state lives under the state directory (docs/state-format.md).
#pragma once

#include <filesystem>
#include <string>

#include "core/filesystem.hpp"

namespace renewd::state {

// The state contains private keys: only the daemon's user may read it.
inline constexpr mode_t kStateDirectoryMode = 0700;
inline constexpr mode_t kStateFileMode = 0600;

// Held by the daemon while it runs. No certificate's directory can have this name: names have no dot.
inline std::filesystem::path daemon_lock(const std::filesystem::path& state_directory) {
  return state_directory / "daemon.lock";
}

struct StatePaths {
  std::filesystem::path directory;  // <state_directory>/<name>

  StatePaths(const std::filesystem::path& state_directory, const std::string& certificate)
      : directory(state_directory / certificate) {}

  std::filesystem::path answer() const { return directory / "answer"; }
  std::filesystem::path journal() const { return directory / "journal"; }
  std::filesystem::path history() const { return directory / "history.jsonl"; }
  std::filesystem::path in_use() const { return directory / "in-use"; }
  std::filesystem::path attempts() const { return directory / "attempts.json"; }
  std::filesystem::path observation() const { return directory / "observation.json"; }
  std::filesystem::path requests() const { return directory / "requests.json"; }
  std::filesystem::path fleet() const { return directory / "fleet"; }
  std::filesystem::path lock() const { return directory / "lock"; }
  std::filesystem::path generations() const { return directory / "generations"; }
  std::filesystem::path generations_index() const { return directory / "generations.json"; }
};

}  // namespace renewd::state
