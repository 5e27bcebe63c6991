// A schedule whose failures and announcements survive a restart.
#pragma once

#include <random>
#include <utility>

#include "installation/attempts.hpp"
#include "renewal/schedule.hpp"

namespace renewd::supervision {

class StoredSchedule : public renewal::Schedule {
 public:
  StoredSchedule(const configuration::CertificateSettings& certificate, const configuration::ScheduleSettings& schedule,
                 std::chrono::seconds splay, installation::AttemptStore store)
      : Schedule(certificate, schedule, splay, of_daemon(store.load()), std::random_device{}()),
        store_(std::move(store)) {}

  // Best effort: on a full disk the renewal itself fails, and that is logged.
  void save() {
    if (store_.load() != attempts()) {
      (void)store_.save(attempts());
    }
  }

 private:
  // Failures of commands do not delay the daemon.
  static installation::Attempts of_daemon(installation::Attempts attempts) {
    if (attempts.by_hand) {
      attempts.forget_failures();
    }
    return attempts;
  }

  installation::AttemptStore store_;
};

}  // namespace renewd::supervision
