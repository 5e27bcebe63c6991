// A schedule whose failures and announcements survive a restart.
#pragma once

#include <chrono>
#include <optional>

#include "configuration/settings.hpp"
#include "core/filesystem.hpp"
#include "renewal/schedule.hpp"
#include "state/journal.hpp"
#include "state/retry_state.hpp"

namespace renewd::supervision {

class StoredSchedule : public renewal::Schedule {
 public:
  // `filesystem` must outlive this object.
  StoredSchedule(Filesystem& filesystem, const configuration::CertificateSettings& certificate,
                 const configuration::Settings& settings);

  // What cannot be written counts in memory, as long as this process lives. Error kind: disk.
  Result<void> save();

  // A renewal that stops the daemon each time it is resumed, by a crash or because it is stopped with the gateway, must
  // not do so all day long: it is resumed at the slowest pace, and this says when. Nothing where it may be resumed.
  // Only at the first call: only the first check may follow such a stop.
  std::optional<TimePoint> breaks_loop(const state::JournalEntry& unfinished, TimePoint now);

 private:
  StoredSchedule(const configuration::CertificateSettings& certificate, const configuration::ScheduleSettings& schedule,
                 std::chrono::seconds splay, state::RetryStateStore store);

  state::RetryStateStore store_;
  bool first_check_ = true;
};

}  // namespace renewd::supervision
