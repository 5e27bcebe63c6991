// Watches a simulated host, and says so when it breaks a promise. Knows nothing of how the schedule decides: what it
// expects is worked out here again from the setup.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "lifetimes/setup.hpp"
#include "renewal/schedule.hpp"

namespace renewd::testing {

// Two clocks: the one that is right, and the host's.
struct Moment {
  TimePoint real;
  TimePoint clock;
};

struct Conditions {
  bool good;         // all is well: the host on, the daemon undisturbed, the clock right, cloud and gateway fine
  bool clock_right;  // and the daemon has checked since
  bool nothing_begun;
};

struct Tally {
  std::uint64_t lifetimes = 0;
  std::uint64_t expired = 0;  // of them
  std::uint64_t late = 0;     // came to an end in their last week, but in time
  std::uint64_t checks = 0;
  std::uint64_t attempts = 0;
  std::uint64_t requests = 0;
  std::size_t busiest_day = 0;  // checks that the world did not cause
  std::chrono::seconds time{};

  Tally& operator+=(const Tally& other);
};

class Witness {
 public:
  Witness(const Setup& setup, TimePoint start) : setup_(setup), began_(start) {}

  // What the certificate that the gateway uses promises.
  void in_use(const renewal::Validity& validity, TimePoint real);
  void conditions(const Conditions& conditions, Moment now);

  // The daemon checked; `by_itself` unless something woke it.
  void checked(Moment now, bool by_itself);
  // It decided to wait, and would decide `again` at that moment.
  void waits(const renewal::Step& step, const renewal::Step& again, Moment now);
  // It acts.
  void acts(renewal::Act act, const renewal::Situation& situation, Moment now);
  void asked(Moment now);
  void failed(Moment now);
  void succeeded(Moment now);
  void disturbed(TimePoint real) { conditions({false, true, false}, {real, real}); }
  // The daemon ended in the middle of an attempt, and resumes it when it is back.
  void interrupted() { last_failure_.reset(); }
  // Times before and after the change are not comparable.
  void clock_set();

  // The first promise that was broken.
  const std::optional<std::string>& violation() const { return violation_; }
  Tally tally(TimePoint real) const;

 private:
  void broken(TimePoint real, std::string promise);
  void check_deadline(TimePoint real);
  void check_windows(renewal::Act act, const renewal::Situation& situation, Moment now);

  const Setup& setup_;
  TimePoint began_;
  renewal::Validity in_use_{};
  TimePoint in_use_since_{};
  std::optional<TimePoint> good_since_;
  bool good_at_once_ = false;     // no old trouble lasts longer than an eighth of what is left
  TimePoint clock_wrong_{};       // when it last was
  std::deque<TimePoint> checks_;  // of the last day, real
  TimePoint last_check_{};
  int checks_at_once_ = 0;
  std::deque<TimePoint> requests_;  // of the last day, by the host's clock, since it was set
  std::deque<TimePoint> asked_;     // of the last day, real
  std::optional<TimePoint> last_failure_;
  std::optional<TimePoint> last_success_;
  Tally tally_;
  std::optional<std::string> violation_;
};

}  // namespace renewd::testing
