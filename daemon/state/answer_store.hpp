// The cloud's raw answer, stored before anything parses it: a certificate that the cloud has issued must not be lost in
// a crash, or because the daemon cannot parse the answer (docs/decisions/0004-answer-first.md).
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "core/clock.hpp"
#include "core/filesystem.hpp"
#include "state/paths.hpp"

namespace renewd::state {

class AnswerStore {
 public:
  // `filesystem` must outlive this object.
  AnswerStore(Filesystem& filesystem, StatePaths paths) : filesystem_(filesystem), paths_(std::move(paths)) {}

  // Reserves the disk space for an answer before the request: free space shows neither a quota nor a lack of inodes,
  // and an answer that cannot be stored may be the only copy. store() and release_space() release it.
  Result<void> reserve_space();
  void release_space();
  // Durable when it returns. Creates the directory.
  Result<void> store(std::string_view answer);
  // The stored answer, if any.
  Result<std::optional<std::string>> load() const;
  // Removes the answer after it was used, and syncs the directory.
  Result<void> discard();
  // Moves a refused answer aside for inspection, under a name with the time, and removes all but the five newest.
  // Returns its new path.
  Result<std::filesystem::path> set_aside(TimePoint now);

 private:
  Filesystem& filesystem_;
  StatePaths paths_;
};

}  // namespace renewd::state
