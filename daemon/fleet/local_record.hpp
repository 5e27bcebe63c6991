// What a member remembers of the fleet on its own disk: <state_directory>/<name>/fleet.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "core/filesystem.hpp"
#include "state/paths.hpp"

namespace renewd::fleet {

struct LocalRecord {
  // The last certificate that this host requested for the fleet, or adopted from it. If it is neither installed nor
  // waits to be, it was given up here, and is not adopted again.
  std::string fingerprint;
  std::uint64_t generation = 0;  // 0: it was not published yet
  std::uint64_t highest = 0;     // the highest generation that was seen
  // How often the answer had been rolled back when this host took its turn: one more means that the turn has failed.
  int rolled_back = 0;
  // What an operator has rolled back: it is not adopted again, either.
  std::string declined;

  bool operator==(const LocalRecord&) const = default;

  // After this certificate was requested or adopted.
  LocalRecord with(std::string certificate, std::uint64_t published_as) const {
    return {std::move(certificate), published_as, highest, rolled_back, ""};
  }
};

class LocalRecordStore {
 public:
  // `filesystem` must outlive this object.
  LocalRecordStore(Filesystem& filesystem, const state::StatePaths& paths);

  // Defaults if nothing is stored, or the file is invalid.
  LocalRecord load() const;
  // Durable when it returns. Error kind: disk.
  Result<void> save(const LocalRecord& record);

 private:
  Filesystem& filesystem_;
  std::filesystem::path file_;
};

}  // namespace renewd::fleet
