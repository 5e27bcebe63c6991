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
  StatePaths(const std::filesystem::path& state_directory, const std::string& certificate)
      : directory_((state_directory / certificate).string()) {}

  std::filesystem::path directory() const { return directory_; }  // <state_directory>/<name>

  std::filesystem::path answer() const { return in("answer"); }
  std::filesystem::path journal() const { return in("journal"); }
  std::filesystem::path history() const { return in("history.jsonl"); }
  std::filesystem::path in_use() const { return in("in-use"); }
  std::filesystem::path attempts() const { return in("attempts.json"); }
  std::filesystem::path observation() const { return in("observation.json"); }
  std::filesystem::path requests() const { return in("requests.json"); }
  std::filesystem::path fleet() const { return in("fleet"); }
  std::filesystem::path lock() const { return in("lock"); }
  std::filesystem::path generations() const { return in("generations"); }
  std::filesystem::path generations_index() const { return in("generations.json"); }

 private:
  std::filesystem::path in(std::string_view name) const { return directory() / name; }

  // No path, which takes several times the memory: many objects have one of these.
  std::string directory_;
};

}  // namespace renewd::state
