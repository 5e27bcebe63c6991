// What happened before: past renewals, and which certificate the gateway last started with.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "core/filesystem.hpp"
#include "installation/journal.hpp"
#include "installation/state.hpp"

namespace renewd::installation {

inline constexpr std::size_t kHistoryKept = 200;

// The certificate that the gateway was seen to start with.
struct InUse {
  std::string serial;
  std::string fingerprint;
  std::chrono::sys_seconds not_after;
};

class History {
 public:
  // `filesystem` must outlive this object.
  History(Filesystem& filesystem, StatePaths paths) : filesystem_(filesystem), paths_(std::move(paths)) {}

  // Appends one line of JSON: the outcome ("renewed", "rolled_back"), the certificate, and the seconds that each phase
  // took. The newest kHistoryKept lines stay. A renewal whose last line is there already is not written twice.
  Result<void> append(std::string_view outcome, const JournalEntry& entry, TimePoint now);

  Result<void> record_in_use(const InUse& in_use);
  // Nothing when it is not known, or the record is damaged.
  std::optional<InUse> in_use() const;

 private:
  Filesystem& filesystem_;
  StatePaths paths_;
};

}  // namespace renewd::installation
