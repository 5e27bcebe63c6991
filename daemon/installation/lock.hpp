// One process at a time works on a certificate. A kernel lock (flock(2)), so that a process that died holds nothing.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/error.hpp"
#include "core/filesystem.hpp"

namespace renewd::installation {

class Lock {
 public:
  // Takes the lock at once or not at all. `holder` tells the next who holds it ("run", "renew"). Errors: busy, whose
  // message names the holder; disk.
  static Result<Lock> acquire(const Filesystem& filesystem, const std::filesystem::path& file, std::string_view holder);

 private:
  explicit Lock(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}
  Descriptor descriptor_;
};

// The words of whoever holds the lock; nothing when nobody does. Holds it for a moment itself, with others who look.
// Error kind: disk.
Result<std::optional<std::string>> lock_holder(const Filesystem& filesystem, const std::filesystem::path& file);

// Whether the file system of a directory has such locks: one is taken, and nothing is left of it. Error kind: disk.
Result<void> rehearse_lock(Filesystem& filesystem, const std::filesystem::path& directory);

// The lock of the daemon that works in a state directory, which is created. Tries again for two seconds, since whoever
// looks who holds the lock holds it for a moment. Errors as those of Lock::acquire().
Result<Lock> lock_for_daemon(Filesystem& filesystem, const std::filesystem::path& state_directory);

}  // namespace renewd::installation
