// The life of one certificate: check it, decide, renew it when it is due, sleep.
#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/experimental/channel.hpp>

#include "configuration/settings.hpp"
#include "core/slots.hpp"
#include "renewal/renewal.hpp"
#include "report/status_board.hpp"
#include "supervision/announcer.hpp"
#include "supervision/fleet_member.hpp"
#include "supervision/inputs.hpp"
#include "supervision/keystore_observer.hpp"
#include "supervision/progress.hpp"
#include "supervision/published_status.hpp"
#include "supervision/renewal_run.hpp"
#include "supervision/sleep.hpp"
#include "supervision/stored_schedule.hpp"

namespace renewd::supervision {

// What all supervisors share, and must outlive them.
struct Shared {
  Slots& slots;  // one is held while a certificate is obtained or deployed
  Slots& looks;  // one is held while the keystore and the state are read
  report::StatusBoard& board;
  std::shared_ptr<const FleetLink> fleet = nullptr;  // null: this host renews by itself
};

// What another supervisor leaves to the one that takes its place: counts that it could not write, and what they depend
// on.
struct Inheritance {
  state::RetryState attempts;
  Inputs::Contents inputs_at_attempt;
};

class Supervisor {
 public:
  // Everything in `context`, and `certificate`, must outlive the supervisor. If the last failure is older than
  // `settings_changed`, the next attempt follows at once.
  Supervisor(const boost::asio::any_io_executor& executor, renewal::RenewalContext context, Shared shared,
             const configuration::CertificateSettings& certificate, const configuration::Settings& settings,
             TimePoint settings_changed, std::optional<Inheritance> inherited = std::nullopt);

  // Ends when it is cancelled, or retired.
  boost::asio::awaitable<void> run();

  // Lets run() end as soon as nothing is under way: another supervisor takes its place, with other settings, or none.
  // `leaves_fleet`: nobody continues as this member of the fleet.
  void retire(bool leaves_fleet) {
    retiring_ = true;
    leaves_fleet_ = leaves_fleet;
    sleep_.interrupt();
  }
  Inheritance inheritance() const { return {schedule_.attempts(), inputs_at_attempt_}; }
  // A unit of the gateway has changed its state: looks at the gateway, as soon as nothing is under way.
  void gateway_changed() {
    gateway_changed_ = true;
    sleep_.interrupt();
  }
  // Whether its work has taken longer than every deadline in it allows, or its sleep too long.
  bool is_stuck() const { return progress_.is_stuck(context_.clock); }

 private:
  boost::asio::awaitable<void> work();
  // Each of these returns when to check again.
  boost::asio::awaitable<TimePoint> guarded_step();
  boost::asio::awaitable<TimePoint> step();
  boost::asio::awaitable<TimePoint> check(certificate::Certificate certificate);
  // What the fleet allows of that; the planned step without a fleet.
  boost::asio::awaitable<Result<renewal::Step>> as_fleet_allows(renewal::Step planned,
                                                                certificate::Certificate installed,
                                                                std::optional<renewal::Record> unfinished);
  boost::asio::awaitable<TimePoint> act(renewal::Act act);
  TimePoint unreadable(const Error& error);
  TimePoint failed(const Error& error);

  // Reads the keystore and the state, and announces a replacement.
  boost::asio::awaitable<Result<certificate::Certificate>> look();
  // Between two checks, while something is wrong. True: check now.
  boost::asio::awaitable<bool> look_again();
  // Whether a failure depends on an input that has changed since. Blocks.
  bool input_changed(const state::RetryState& attempts);
  // The next attempt follows at once if the cause of a failure seems to be gone. Returns whether it does.
  boost::asio::awaitable<bool> retry_if_fixed();
  // On the board, and in the log.
  void publish();
  void save();
  // False: the supervisor must end.
  boost::asio::awaitable<bool> sleep_until(TimePoint next);
  bool must_check_replacement() const;
  void follow_fleet();
  boost::asio::awaitable<void> leave_fleet();
  void fleet_changed() {
    fleet_changed_ = true;
    sleep_.interrupt();
  }
  void fleet_seen() {
    fleet_seen_ = true;
    sleep_.interrupt();
  }

  boost::asio::any_io_executor executor_;
  renewal::RenewalContext context_;
  const configuration::CertificateSettings& certificate_;
  std::chrono::seconds check_every_;
  renewal::Renewal renewal_;
  StoredSchedule schedule_;
  PublishedStatus status_;
  Announcer announcer_;
  KeystoreObserver observer_;
  Progress progress_;
  Slots& looks_;
  RenewalRun run_;
  Sleep sleep_;
  Inputs inputs_;
  std::unique_ptr<FleetMember> member_;  // null: this host renews by itself
  boost::asio::cancellation_signal leave_fleet_;
  boost::asio::experimental::channel<void(boost::system::error_code)> left_fleet_;
  // What the last attempt read or, before the first one of this process, its first look.
  Inputs::Contents inputs_at_attempt_;
  bool gateway_changed_ = false;
  bool fleet_changed_ = false;  // there is something to do
  bool fleet_seen_ = false;     // only to show
  bool retiring_ = false;
  bool leaves_fleet_ = false;
  // Initially true: it may have been set while no daemon ran. Handled once the clock is plausible.
  bool clock_was_set_ = true;
  // When the certificate expires that the gateway uses: retries are closer the less time is left.
  TimePoint needed_until_;
};

}  // namespace renewd::supervision
