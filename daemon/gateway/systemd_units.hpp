// The units of this host's systemd, over the system bus: their state, restart jobs, and whether we may run one. What a
// state means for a gateway is the callers' business.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "core/error.hpp"
#include "gateway/system_bus.hpp"
#include "gateway/unit_properties.hpp"

namespace renewd::gateway {

// For questions, which systemd answers at once.
inline constexpr std::chrono::seconds kQuestionTimeout{10};

struct UnitState {
  // The unit's own name, whatever alias it was asked for by: systemd's jobs, polkit and the journal know no other.
  std::string name;
  std::string active_state;    // "active", "activating", "inactive", "failed", …
  std::string restart_policy;  // Restart=: "no", "on-failure", "always", …
  std::string status_text;     // what the service said with STATUS=
  int status_errno = 0;        // what it said with ERRNO=
  int exit_status = 0;         // of the last main process; a signal's number if one ended it
  bool ended_by_signal = false;
  pid_t main_pid = 0;
  std::int64_t automatic_restarts = 0;

  bool running() const;
  // For messages: "ActiveState=failed, exit status 3".
  std::string description() const;
};

// As systemctl does it: a name without the suffix means the service.
std::string service_name(const std::string& unit);

// What systemd knows of a unit that need not exist.
struct UnitOnHost {
  std::string name;                 // its own, as in UnitState
  std::string user;                 // User=, empty for root
  std::vector<std::string> groups;  // SupplementaryGroups=
  bool hides_homes;                 // ProtectHome=: home directories are empty, or not there, for it
  std::string output;               // StandardOutput= and StandardError=, where none of them reaches the journal
  Result<void> usable;              // the error says why systemd could not start it
};

class SystemdUnits {
 public:
  enum class Job { restart, try_restart };

  static Result<std::unique_ptr<SystemdUnits>> connect(const boost::asio::any_io_executor& executor);

  // A unit that does not exist, is masked or cannot be loaded is an error. Errors of all functions: gateway, cancelled.
  boost::asio::awaitable<Result<UnitState>> state(std::string unit, Deadline deadline);
  // An error is one of the bus or of systemd, never of the unit.
  boost::asio::awaitable<Result<UnitOnHost>> look_up(std::string unit, Deadline deadline);
  // The states of several units in their order, each once, although it may be named twice.
  boost::asio::awaitable<Result<std::vector<UnitState>>> states(std::vector<std::string> units, Deadline deadline);
  // Runs a job to its end and returns its result ("done", "failed", …); an empty one when the deadline passed first,
  // and the job then goes on.
  boost::asio::awaitable<Result<std::string>> run(Job job, std::string unit, Deadline deadline);
  // Whether we may run such a job. The unit is not touched.
  boost::asio::awaitable<Result<void>> check_permission(Job job, std::string unit, Deadline deadline);
  boost::asio::awaitable<Result<void>> wait_until(Deadline time);

 private:
  struct FinishedJob {
    std::string path;
    std::string result;
  };

  explicit SystemdUnits(std::unique_ptr<SystemBus> bus) : bus_(std::move(bus)) {}
  Result<void> watch_jobs();
  boost::asio::awaitable<Result<UnitProperties>> properties_of(std::string unit, Deadline deadline);
  boost::asio::awaitable<Result<MessagePtr>> call_manager(std::string member, std::vector<std::string> arguments,
                                                          Deadline deadline);
  boost::asio::awaitable<CallResult> request(std::string member, std::vector<std::string> arguments, Deadline deadline);

  std::unique_ptr<SystemBus> bus_;
  std::vector<FinishedJob> finished_;
  Subscription job_removed_;  // after bus_, which it must not outlive
};

}  // namespace renewd::gateway
