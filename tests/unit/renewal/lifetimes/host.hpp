// One simulated host: the daemon's real schedule, driven as Supervisor and Renewal drive it, with a keystore, a gateway
// and a disk of which only what matters to the schedule is kept. A change of those two needs one here.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "lifetimes/memory.hpp"
#include "lifetimes/setup.hpp"
#include "lifetimes/witness.hpp"
#include "lifetimes/world.hpp"
#include "renewal/schedule.hpp"

namespace renewd::testing {

using Trace = std::function<void(Moment now, const std::string& line)>;

class Host {
 public:
  // All but `trace` must outlive the host. With certificate `first` in use.
  Host(const Setup& setup, World& world, Memory& memory, Witness& witness, std::uint64_t seed, renewal::Validity first,
       Trace trace);

  // When it does something next by itself; time has passed until then.
  TimePoint next() const;
  void proceed();
  void feel(Happening happening);

 private:
  enum class Stage { none, answered, installed, rolling_back };
  enum class Phase { asleep, asking, activating, rolling_back };

  Moment now() const { return {world_.real(), world_.clock()}; }
  void start();
  void end(Span back_after);
  void check(bool by_itself);
  renewal::Situation situation(TimePoint clock);
  void begin(renewal::Act act);
  void ask();
  void answered();
  void hear();
  bool judge();
  void install();
  void activated();
  void roll_back();
  void rolled_back();
  void enter(Phase phase, Span duration);
  TimePoint quiet_until(const renewal::Step& step) const;
  void sleep_until(TimePoint clock);
  void fail(ErrorKind kind);
  void refuse();
  void succeed();
  void tell_conditions();
  void trace(const std::string& line) const;
  bool troubled_by(ErrorKind kind) const { return world_.trouble() && world_.trouble()->kind == kind; }

  const Setup& setup_;
  World& world_;
  Memory& memory_;
  Witness& witness_;
  Random random_;
  Trace trace_;
  bool checks_always_;

  // On the disk.
  renewal::Validity keystore_;
  renewal::Validity previous_{};
  std::optional<renewal::Validity> answer_;
  Stage stage_ = Stage::none;
  int rolled_back_ = 0;
  int resumed_ = 0;

  // In the daemon, while it runs.
  std::optional<renewal::Schedule> schedule_;
  bool first_check_ = true;
  std::optional<renewal::Validity> unstored_answer_;
  Phase phase_ = Phase::asleep;
  renewal::Act act_ = renewal::Act::wait;
  TimePoint not_after_seen_{};
  TimePoint wake_{};        // asleep: by the host's clock
  TimePoint phase_ends_{};  // at work: real
  std::optional<TimePoint> frozen_;
  bool clock_changed_ = false;
  bool was_busy_ = false;
  bool wrong_clock_ = false;  // was, at the last check or since

  TimePoint back_at_ = TimePoint::max();   // a daemon that has ended is started again
  TimePoint crash_at_ = TimePoint::max();  // of a daemon at work
  int crashes_to_come_ = 0;
};

}  // namespace renewd::testing
