// The life of one certificate: look at it, decide, renew when it is due, sleep. Logs what it finds and why it acts.
#pragma once

#include <filesystem>
#include <optional>
#include <random>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "configuration/settings.hpp"
#include "core/file_watch.hpp"
#include "core/wall_timer.hpp"
#include "renewal/policy.hpp"
#include "renewal/renewal.hpp"
#include "renewal/retry.hpp"

namespace renewd::renewal {

// Which host this is, for the splay: the machine id, else the host name.
std::string host_identity(const Filesystem& filesystem);

// After so many crashes in the same phase, a renewal is resumed at the slowest pace.
inline constexpr int kCrashesTolerated = 5;

class Supervisor {
 public:
  // Everything in `surroundings` must outlive the supervisor.
  Supervisor(const boost::asio::any_io_executor& executor, Surroundings surroundings,
             configuration::CertificateSettings certificate, configuration::ScheduleSettings schedule,
             std::filesystem::path state_directory);

  // Ends when it is cancelled, and only then.
  boost::asio::awaitable<void> run();

 private:
  // Sleeps until `next`, or until something else makes a new decision necessary. False: told to stop.
  boost::asio::awaitable<bool> sleep_until(TimePoint next);
  // Whether the keystore is another one than at the last look.
  bool was_replaced() const;
  // One look and what follows from it. Returns when to look again.
  boost::asio::awaitable<TimePoint> step();
  boost::asio::awaitable<TimePoint> renew(Validity validity);
  bool breaks_crash_loop(const installation::JournalEntry& unfinished, TimePoint now);
  std::optional<Validity> look();
  // Remembers the keystore; a change is told unless it is the work of our own renewal.
  void remember(const Installed& installed, bool ours);
  void announce_expiry(std::chrono::seconds left, const Fields& fields);
  void clock_was_set();
  TimePoint failed(const Error& error, TimePoint not_after);
  void event(EventName name, std::string_view message, Fields fields = {}) const;
  void event(Level level, EventName name, std::string_view message, Fields fields) const;

  Surroundings around_;
  configuration::CertificateSettings certificate_;
  configuration::ScheduleSettings schedule_;
  Renewal renewal_;
  WallTimer timer_;
  FileWatch watch_;
  std::chrono::seconds splay_offset_;
  RequestBudget budget_;
  unsigned failures_in_a_row_ = 0;
  TimePoint attempt_not_before_{};
  // Whether the last renewal left something to carry on with, so that the next attempt asks nobody.
  bool unfinished_ = false;
  bool first_look_ = true;
  // The keystore as it was last seen, or left by a renewal of ours; nothing when it could not be read.
  std::optional<std::string> seen_bytes_;
  std::string seen_fingerprint_;
  int announced_days_ = 0;  // the last threshold that certificate_expiring told of
  std::mt19937_64 jitter_{std::random_device{}()};
};

}  // namespace renewd::renewal
