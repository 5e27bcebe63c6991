// The life of one certificate: look at it, decide, renew when it is due, sleep. Logs what it finds and why it acts.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/experimental/channel.hpp>
#include <boost/asio/steady_timer.hpp>

#include "certificate/digest.hpp"
#include "configuration/settings.hpp"
#include "core/file_watch.hpp"
#include "core/slots.hpp"
#include "core/wall_timer.hpp"
#include "installation/attempts.hpp"
#include "renewal/board.hpp"
#include "renewal/renewal.hpp"
#include "renewal/repetitions.hpp"
#include "renewal/schedule.hpp"

namespace renewd::renewal {

// After so many interruptions in the same phase, a renewal is resumed at the slowest pace. Fewer than systemd starts a
// unit in quick succession (DefaultStartLimitBurst=5).
inline constexpr int kInterruptionsTolerated = 3;

class Supervisor {
 public:
  // Everything in `context`, `slots` and `board` must outlive the supervisor. A slot is held while it renews; what
  // it sees goes on the board.
  Supervisor(const boost::asio::any_io_executor& executor, RenewalContext context, Slots& slots, Board& board,
             configuration::CertificateSettings certificate, const configuration::Settings& settings);

  // Ends when it is cancelled, or retired.
  boost::asio::awaitable<void> run();

  // Lets run() end as soon as nothing is under way: with other settings, another one takes its place.
  void retire();
  // Whether it has been at one thing for longer than every deadline in it allows, or has slept past its time.
  bool is_stuck() const;

 private:
  // Sleeps until `next`, or until something else makes a new decision necessary. False: told to stop.
  boost::asio::awaitable<bool> sleep_until(TimePoint next);
  // Whether the keystore is another one than at the last look.
  bool was_replaced() const;
  bool others_are_at_it() const;
  // One look and what follows from it. Returns when to look again.
  boost::asio::awaitable<TimePoint> step();
  // step(); an exception out of it (no memory, no thread) is a failure like another.
  boost::asio::awaitable<TimePoint> guarded_step();
  // `needed_until`: when what the gateway uses expires.
  boost::asio::awaitable<TimePoint> act(Act act, TimePoint needed_until);
  bool breaks_loop(const installation::JournalEntry& unfinished, TimePoint now);
  boost::asio::awaitable<Result<Installed>> look();
  void publish();
  void expect_progress_within(std::chrono::seconds time);
  // Remembers the keystore; a change is told unless it is the work of our own renewal.
  void remember(const Installed& installed, bool ours);
  // Whoever it was, as the beginning of a sentence.
  std::string who_replaced_it(const std::string& fingerprint) const;
  void tell(const certificate::Certificate& certificate, const Step& step, TimePoint now);
  void tell_expiry(std::chrono::seconds left, const Fields& fields, TimePoint now);
  void add_plan(const certificate::Certificate& certificate, Fields& fields) const;
  void examine_token(TimePoint needed_at, TimePoint now);
  TimePoint failed(const Error& error, TimePoint needed_until);
  void save_attempts();
  void event(EventName name, std::string_view message, const Fields& fields = {}) const;
  void event(Level level, EventName name, std::string_view message, const Fields& fields) const;

  RenewalContext around_;
  Slots& slots_;
  Board& board_;
  configuration::CertificateSettings certificate_;
  configuration::ScheduleSettings settings_;
  std::filesystem::path state_directory_;
  std::chrono::seconds longest_renewal_;
  Renewal renewal_;
  installation::AttemptStore attempt_store_;
  Schedule schedule_;
  WallTimer timer_;
  FileWatch watch_;
  Repetitions repetitions_;
  // Ends a sleep early. Not a timer without end: Asio wakes up for such a one every five minutes.
  boost::asio::experimental::channel<void(boost::system::error_code)> retirement_;
  bool retiring_ = false;
  // By when it will have got on: the monotonic clock while it works, the wall clock while it sleeps.
  std::optional<boost::asio::steady_timer::time_point> working_until_;
  std::optional<TimePoint> asleep_until_;
  bool first_look_ = true;
  // Perhaps also while we were not there. What follows from it waits for a clock that nothing speaks against.
  bool clock_was_set_ = true;
  bool plan_told_ = false;
  // What is installed, or why it cannot be read.
  std::optional<Result<certificate::Certificate>> seen_;
  // Of the keystore as it was last seen, or left by a renewal of ours; nothing when it could not be read.
  std::optional<certificate::Digest> seen_digest_;
  std::string seen_fingerprint_;
  TimePoint seen_at_;
};

}  // namespace renewd::renewal
