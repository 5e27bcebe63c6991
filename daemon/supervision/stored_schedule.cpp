#include "supervision/stored_schedule.hpp"

#include <random>
#include <utility>

#include "renewal/host.hpp"

namespace renewd::supervision {
namespace {

// That commands by hand have failed is no reason for a daemon to hold back.
state::RetryState of_daemon(state::RetryState attempts) {
  if (attempts.by_hand) {
    attempts.forget_failures();
  }
  return attempts;
}

}  // namespace

StoredSchedule::StoredSchedule(Filesystem& filesystem, const configuration::CertificateSettings& certificate,
                               const configuration::Settings& settings)
    : StoredSchedule(
          certificate, settings.schedule,
          renewal::splay_offset(renewal::host_identity(filesystem), certificate.name, settings.schedule.splay),
          {filesystem, {settings.state_directory, certificate.name}}) {}

StoredSchedule::StoredSchedule(const configuration::CertificateSettings& certificate,
                               const configuration::ScheduleSettings& schedule, std::chrono::seconds splay,
                               state::RetryStateStore store)
    : Schedule(certificate, schedule, splay, of_daemon(store.load()), std::random_device{}()),
      store_(std::move(store)) {}

Result<void> StoredSchedule::save() {
  return store_.load() == attempts() ? Result<void>() : store_.save(attempts());
}

std::optional<TimePoint> StoredSchedule::breaks_loop(const state::JournalEntry& unfinished, TimePoint now) {
  if (!std::exchange(first_check_, false) || unfinished.resumed < renewal::kInterruptionsTolerated) {
    return std::nullopt;
  }
  slow_down(now);
  (void)save();  // best effort: on a disk that takes nothing a renewal fails anyway
  return attempts().not_before;
}

}  // namespace renewd::supervision
