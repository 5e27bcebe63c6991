// What to do next for one certificate, when, and why: combines policy, maintenance windows, retries and the cap on
// requests. Pure: the caller reports what happened and asks what comes next, and stores `attempts()`, which must
// survive a restart.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "configuration/settings.hpp"
#include "core/clock.hpp"
#include "core/error.hpp"
#include "renewal/policy.hpp"
#include "renewal/retry.hpp"
#include "state/journal.hpp"
#include "state/retry_state.hpp"

namespace renewd::renewal {

// The stage of the renewal under way.
enum class Unfinished {
  none,
  answered,   // a renewed certificate is ready to be installed
  installed,  // it is installed, and the gateway does not use it yet; or a roll-back is under way
};

// From the journal, or from an answer that is stored without one.
Unfinished stage_of(const std::optional<state::JournalEntry>& entry, bool answer_is_stored);

struct Situation {
  Validity validity;
  Unfinished unfinished = Unfinished::none;
  std::vector<TimePoint> requests = {};  // of the last day, oldest first
};

enum class Act {
  wait,
  renew,   // obtain a certificate, and deploy it at once
  obtain,  // obtain one; activate_windows do not allow to deploy it now
  deploy,  // install and activate the certificate of the renewal under way
};

struct Step {
  Act act;
  TimePoint at;  // `now`; with `wait`, the time to ask again; never before now
  Reason reason;
  std::string message;  // one sentence
};

// After so many interruptions in the same phase, a renewal is resumed at the slowest pace. Fewer than systemd starts a
// unit in quick succession (DefaultStartLimitBurst=5).
inline constexpr int kInterruptionsTolerated = 3;

class Schedule {
 public:
  // `offset` is this host's splay; `seed` is for the jitter. `certificate` must outlive this object.
  Schedule(const configuration::CertificateSettings& certificate, configuration::ScheduleSettings schedule,
           std::chrono::seconds offset, state::RetryState attempts, std::uint64_t seed);

  // Changes nothing: the same situation gives the same step.
  Step next(const Situation& situation, TimePoint now) const;

  // Returns the time of the next attempt; after `busy`, which is not a failure, that of the next check.
  TimePoint failed(const Error& error, TimePoint not_after, TimePoint now);
  void succeeded(TimePoint now);
  // A certificate was obtained from elsewhere: earlier failures to request one do not delay it.
  void obtained(TimePoint now);
  // An operator has fixed the problem, by `renew` or with another keystore.
  void forget_failures() { attempts_.forget_failures(); }
  // The cause of the failures may have been removed: the next attempt follows at once, unless the server said when, or
  // a limit on requests holds.
  void cause_may_be_fixed(TimePoint now);
  // Continues from what another object has counted.
  void inherit(state::RetryState attempts) { attempts_ = std::move(attempts); }
  // For a crash loop: the next attempt is at the slowest pace. One that is already delayed is not delayed further: a
  // restart in the meantime is no crash.
  void slow_down(TimePoint now);
  // After the clock was set back, the time of the next attempt may be years away; and a stored answer (`unfinished`)
  // may have been refused only because of the clock. Call it only when `now` is plausible (wait_for_clock()).
  void clock_was_set(TimePoint now, Unfinished unfinished = Unfinished::none);

  // The threshold in days for certificate_expiring; 0 if none is reached, or it was logged before.
  int days_to_announce(std::chrono::seconds left);
  // Whether to log certificate_expired now: once a day.
  bool announces_expiry(TimePoint now);

  // What remains known of a keystore that becomes unreadable.
  void certificate_seen(std::chrono::sys_seconds not_after) { attempts_.known_not_after = not_after; }

  const state::RetryState& attempts() const { return attempts_; }
  std::chrono::seconds offset() const { return offset_; }

 private:
  Step with_delays(Step step, const Situation& situation, TimePoint now) const;

  const configuration::CertificateSettings& certificate_;
  configuration::ScheduleSettings schedule_;
  std::chrono::seconds offset_;
  state::RetryState attempts_;
  std::uint64_t seed_;  // of the next delay
};

}  // namespace renewd::renewal
