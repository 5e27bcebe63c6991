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

  // Best effort: on a disk that takes nothing a renewal fails anyway, and says so.
  void save() {
    if (store_.load() != attempts()) {
      (void)store_.save(attempts());
    }
  }

 private:
  // That commands by hand have failed is no reason for a daemon to hold back.
  static installation::Attempts of_daemon(installation::Attempts attempts) {
    if (attempts.by_hand) {
      attempts.forget_failures();
    }
    return attempts;
  }

  installation::AttemptStore store_;
};

}  // namespace renewd::supervision
