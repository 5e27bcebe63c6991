// The last keystores that were installed, kept so that a bad replacement can be undone.
#pragma once

#include <string_view>

#include "core/filesystem.hpp"
#include "installation/state.hpp"

namespace renewd::installation {

inline constexpr std::size_t kGenerationsKept = 3;

class Generations {
 public:
  // `filesystem` must outlive this object.
  Generations(Filesystem& filesystem, StatePaths paths) : filesystem_(filesystem), paths_(std::move(paths)) {}

  // Keeps a keystore's bytes under the next number, durable when it returns, and forgets all but the newest three.
  // Bytes that the newest generation already holds are not kept twice. Returns the generation's number.
  Result<int> keep(std::string_view keystore);
  // The bytes of a generation.
  Result<std::string> read(int number) const;

 private:
  Result<std::vector<int>> numbers() const;

  Filesystem& filesystem_;
  StatePaths paths_;
};

}  // namespace renewd::installation
