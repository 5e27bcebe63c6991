// What is to be done for one certificate, when, and why: policy, maintenance windows, retries and the cap on requests
// in one place. Pure: it is told what happened and asked what comes next; what must survive a restart is in Attempts,
// which the caller keeps.
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "configuration/settings.hpp"
#include "core/clock.hpp"
#include "core/error.hpp"
#include "installation/attempts.hpp"
#include "installation/journal.hpp"
#include "renewal/policy.hpp"
#include "renewal/retry.hpp"

namespace renewd::renewal {

// Where the renewal under way stands.
enum class Unfinished {
  none,
  answered,   // a renewed certificate waits to be installed
  installed,  // it is installed, and the gateway does not use it yet; or the old one is being put back
};

// As the journal tells it, and an answer that is stored without one.
Unfinished stage_of(const std::optional<installation::JournalEntry>& entry, bool answer_is_stored);

struct Situation {
  Validity validity;
  Unfinished unfinished = Unfinished::none;
  std::vector<TimePoint> requests = {};  // of the last day, oldest first
};

enum class Act {
  wait,
  renew,   // obtain a certificate, and deploy it at once
  obtain,  // obtain one; activate_windows do not allow to deploy it now
  deploy,  // the renewal that is under way
};

struct Step {
  Act act;
  TimePoint at;  // `now`, or with `wait` the moment to ask again; never before now
  Reason reason;
  std::string message;  // one sentence for people
};

// After so many interruptions in the same phase, a renewal is resumed at the slowest pace. Fewer than systemd starts a
// unit in quick succession (DefaultStartLimitBurst=5).
inline constexpr int kInterruptionsTolerated = 3;

class Schedule {
 public:
  // `offset`: this host's splay. `seed` is for the jitter.
  Schedule(configuration::CertificateSettings certificate, configuration::ScheduleSettings schedule,
           std::chrono::seconds offset, installation::Attempts attempts, std::uint64_t seed);

  // The same answer for the same question, however often it is asked.
  Step next(const Situation& situation, TimePoint now) const;

  // The moment of the next attempt; after what is no failure of ours (busy), that of another look.
  TimePoint failed(const Error& error, TimePoint not_after, TimePoint now);
  void succeeded(TimePoint now);
  // Somebody else has mended it, with `renew` or another keystore: what failed before is over.
  void forget_failures() { attempts_.forget_failures(); }
  // A crash loop: nothing more before the slowest pace. What waits already is not put off again: a restart in between
  // is no crash.
  void slow_down(TimePoint now);
  // After a step back, a moment that the old clock chose may be years away; and an answer that waits (`unfinished`) may
  // have been refused for the clock alone. Only for a `now` that nothing speaks against.
  void clock_was_set(TimePoint now, Unfinished unfinished = Unfinished::none);

  // The threshold in days that certificate_expiring is to tell of now; 0 when it has been told, or none is reached.
  int days_to_announce(std::chrono::seconds left);
  // Whether certificate_expired is to be told now: once a day.
  bool announces_expiry(TimePoint now);

  // What the daemon's look found, for whoever looks beside it; empty for nothing.
  void keystore_seen(std::string problem) { attempts_.unreadable = std::move(problem); }
  void token_seen(std::string problem, TimePoint now);

  const installation::Attempts& attempts() const { return attempts_; }
  std::chrono::seconds offset() const { return offset_; }

 private:
  Step when_allowed(Step step, const Situation& situation, TimePoint now) const;

  configuration::CertificateSettings certificate_;
  configuration::ScheduleSettings schedule_;
  std::chrono::seconds offset_;
  installation::Attempts attempts_;
  std::mt19937_64 jitter_;
};

}  // namespace renewd::renewal
