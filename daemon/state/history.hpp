// Past renewals, and the certificate that the gateway last started with.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/filesystem.hpp"
#include "state/certificate_record.hpp"
#include "state/journal.hpp"
#include "state/paths.hpp"

namespace renewd::state {

// More than ten years: a renewal ends with one line, or with four after three roll-backs. A daemon has them in memory.
inline constexpr std::size_t kHistoryKept = 50;

struct PastRenewal {
  std::string outcome;  // "renewed", "activated", "rolled_back"
  std::string fingerprint;
  TimePoint ended;
};

class History {
 public:
  // `filesystem` must outlive this object.
  History(Filesystem& filesystem, StatePaths paths) : filesystem_(filesystem), paths_(std::move(paths)) {}

  // Appends one line of JSON: the outcome, the certificate, the seconds that each phase took and, if known, the type of
  // the key ("RSA 4096"). Only the newest kHistoryKept lines stay. A line that a crash would repeat is written once.
  Result<void> append(std::string_view outcome, const JournalEntry& entry, TimePoint now, std::string_view key = {},
                      Durability durability = Durability::full);

  // The newest kHistoryKept past renewals, oldest first. Invalid lines are skipped, and removed by the next append().
  std::vector<PastRenewal> list() const;

  // The certificate that the gateway was seen to start with.
  Result<void> record_in_use(const CertificateRecord& in_use, Durability durability = Durability::full);
  // From now on it is not known which one the gateway uses.
  Result<void> forget_in_use();
  // Nothing if it is not known, or the record is damaged.
  std::optional<CertificateRecord> in_use() const;

 private:
  Filesystem& filesystem_;
  StatePaths paths_;
};

}  // namespace renewd::state
