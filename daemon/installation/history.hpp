// What happened before: past renewals, and which certificate the gateway last started with.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/filesystem.hpp"
#include "installation/certificate_record.hpp"
#include "installation/journal.hpp"
#include "installation/state.hpp"

namespace renewd::installation {

inline constexpr std::size_t kHistoryKept = 200;

struct PastRenewal {
  std::string outcome;  // "renewed", "activated", "rolled_back"
  std::string fingerprint;
  TimePoint ended;
};

class History {
 public:
  // `filesystem` must outlive this object.
  History(Filesystem& filesystem, StatePaths paths) : filesystem_(filesystem), paths_(std::move(paths)) {}

  // Appends one line of JSON: the outcome ("renewed", "activated", "rolled_back"), the certificate, and the seconds
  // that each phase took; with the kind of the certificate's key ("RSA 4096") where that is known. The newest
  // kHistoryKept lines stay. A renewal whose last line is there already is not written twice.
  Result<void> append(std::string_view outcome, const JournalEntry& entry, TimePoint now, std::string_view key = {});

  // The newest kHistoryKept past renewals, oldest first. Lines that cannot be understood are left out, and go at the
  // next append().
  std::vector<PastRenewal> list() const;

  // The certificate that the gateway was seen to start with.
  Result<void> record_in_use(const CertificateRecord& in_use);
  // It is not known any more which one the gateway uses.
  Result<void> forget_in_use();
  // Nothing when it is not known, or the record is damaged.
  std::optional<CertificateRecord> in_use() const;

 private:
  Filesystem& filesystem_;
  StatePaths paths_;
};

}  // namespace renewd::installation
