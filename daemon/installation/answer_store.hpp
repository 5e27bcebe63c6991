// The cloud's raw answer, stored before anybody looks into it: a renewal that the cloud has committed must not be lost
// to a crash or to an answer we do not understand (docs/decisions/0004-answer-first.md).
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "core/clock.hpp"
#include "core/filesystem.hpp"
#include "installation/state.hpp"

namespace renewd::installation {

class AnswerStore {
 public:
  // `filesystem` must outlive this object.
  AnswerStore(Filesystem& filesystem, StatePaths paths) : filesystem_(filesystem), paths_(std::move(paths)) {}

  // Takes the room that an answer will need, for whoever is about to ask: a quota or a lack of inodes does not show in
  // the free space, and an answer that finds no room may be the only copy. keep() uses it; without an answer, give it
  // back.
  Result<void> take_room();
  void give_room_back();
  // Durable when it returns. Creates the directory.
  Result<void> keep(std::string_view answer);
  // The answer that is kept; nothing when there is none.
  Result<std::optional<std::string>> load() const;
  // The answer was used: it is not needed any more.
  Result<void> discard();
  // The answer was refused: moved aside for inspection under a name that tells the time; the five newest stay.
  // Returns where it is now.
  Result<std::filesystem::path> set_aside(TimePoint now);

 private:
  Filesystem& filesystem_;
  StatePaths paths_;
};

}  // namespace renewd::installation
