// One process at a time works on a certificate. A kernel lock (flock(2)), so that a process that died holds nothing.
#pragma once

#include <filesystem>
#include <string>

#include "core/error.hpp"

namespace renewd::installation {

class Lock {
 public:
  // Takes the lock at once or not at all. `holder` tells the next who holds it ("run", "renew"). Errors: busy, whose
  // message names the holder; disk.
  static Result<Lock> acquire(const std::filesystem::path& file, std::string_view holder);

  Lock(Lock&& other) noexcept;
  Lock& operator=(Lock&& other) noexcept;
  ~Lock();

 private:
  explicit Lock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace renewd::installation
