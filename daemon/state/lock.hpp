// Lets one process at a time work on a certificate. A kernel lock (flock(2)), which ends with its process.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/error.hpp"
#include "core/filesystem.hpp"

namespace renewd::state {

class Lock {
 public:
  // Takes the lock at once or not at all. `holder` ("run", "renew") is named to other processes that want it. Errors:
  // busy, with the holder in the message; disk.
  static Result<Lock> acquire(const Filesystem& filesystem, const std::filesystem::path& file, std::string_view holder);

 private:
  explicit Lock(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}
  Descriptor descriptor_;
};

// The holder of the lock as text; nothing if it is free. To find out, it takes a shared lock for a moment. Error kind:
// disk.
Result<std::optional<std::string>> lock_holder(const Filesystem& filesystem, const std::filesystem::path& file);

// Whether the file system of a directory supports such locks. Leaves nothing behind. Error kind: disk.
Result<void> rehearse_lock(Filesystem& filesystem, const std::filesystem::path& directory);

// The daemon's lock on its state directory, which is created. Retries for two seconds, because lock_holder() takes the
// lock for a moment. Errors as those of Lock::acquire().
Result<Lock> lock_for_daemon(Filesystem& filesystem, const std::filesystem::path& state_directory);

}  // namespace renewd::state
