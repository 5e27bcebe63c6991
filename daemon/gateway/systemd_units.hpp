// systemd's units on this host, over the system bus: their state, restart jobs, and permissions. If the bus or systemd
// is restarted, queries are repeated on a new connection until their deadline.
#pragma once

#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "core/error.hpp"
#include "gateway/system_bus.hpp"
#include "gateway/unit_properties.hpp"
#include "gateway/unit_state.hpp"

namespace renewd::gateway {

inline constexpr auto kSystemd = "org.freedesktop.systemd1";
inline constexpr auto kManagerPath = "/org/freedesktop/systemd1";
inline constexpr auto kManager = "org.freedesktop.systemd1.Manager";

// For queries, to which systemd replies at once.
inline constexpr std::chrono::seconds kQuestionTimeout{10};

// Adds the suffix to a name without it, as systemctl does.
std::string service_name(const std::string& unit);

// Another unit whose stop (or start, for "Conflicts") also stops the unit that has this setting.
struct StopTrigger {
  std::string unit;
  std::string setting;  // "PartOf", "Conflicts"
};

// How systemd has loaded a unit, which may not even exist.
struct InstalledUnit {
  std::string name;                 // its own name, as in UnitState
  std::string user;                 // User=, empty for root
  std::vector<std::string> groups;  // SupplementaryGroups=
  bool hides_homes;                 // ProtectHome=: home directories are empty or missing for it
  bool hides_processes;             // ProtectProc=: it sees only processes that it may inspect
  std::string output;               // StandardOutput= and StandardError=, if neither reaches the journal
  Result<void> usable;              // the error says why systemd could not start it
  std::vector<StopTrigger> stopped_by;
};

class SystemdUnits {
 public:
  enum class Job { restart, try_restart };
  struct JobEnd {
    std::string result;  // "done", "failed", …; empty if the deadline passed first, or
    std::string doubt;   // … why the job may not even have begun
  };

  static Result<std::unique_ptr<SystemdUnits>> connect(const boost::asio::any_io_executor& executor);

  // A unit that does not exist, is masked or cannot be loaded is an error. Errors of all functions: gateway, cancelled,
  // and kInconclusive if there was no reply before the deadline.
  boost::asio::awaitable<Result<UnitState>> state(std::string unit, Deadline deadline);
  // Fails only because of the bus or systemd, never because of the unit.
  boost::asio::awaitable<Result<InstalledUnit>> look_up(std::string unit, Deadline deadline);
  // The states of several units in their order, without duplicates.
  boost::asio::awaitable<Result<std::vector<UnitState>>> states(std::vector<std::string> units, Deadline deadline);
  // Runs a job to its end. systemd continues it after the deadline.
  boost::asio::awaitable<Result<JobEnd>> run(Job job, std::string unit, Deadline deadline);
  // Makes later states report ended jobs (UnitState::job_ended). To be called before each query, since it ends with the
  // connection.
  boost::asio::awaitable<Result<void>> watch_jobs(Deadline deadline);
  // Best effort: only a cancellation is an error.
  boost::asio::awaitable<Result<void>> watch_jobs_if_possible(Deadline deadline);
  // Whether we may run such a job. Does not affect the unit.
  boost::asio::awaitable<Result<void>> check_permission(Job job, std::string unit, Deadline deadline);
  // The state once the unit is neither being started nor stopped; at the deadline, whatever it is.
  boost::asio::awaitable<Result<UnitState>> settled(std::string unit, Deadline deadline);
  boost::asio::awaitable<Result<bool>> host_shuts_down(Deadline deadline);
  boost::asio::awaitable<Result<void>> wait_until(Deadline time);

 private:
  struct FinishedJob {
    std::string path;
    std::string result;
  };

  struct Call {
    std::string path;
    const char* interface;
    std::string member;
    std::vector<std::string> arguments;
  };

  SystemdUnits(boost::asio::any_io_executor executor, std::unique_ptr<SystemBus> bus)
      : executor_(std::move(executor)), bus_(std::move(bus)) {}
  boost::asio::awaitable<Result<UnitProperties>> properties_of(std::string unit, Deadline deadline);
  boost::asio::awaitable<CallResult> call(Call call, Deadline deadline);
  // Repeats the call on a new connection if it was lost; only for calls that may run twice.
  boost::asio::awaitable<CallResult> ask(Call call, Deadline deadline);
  boost::asio::awaitable<Result<JobEnd>> await_end(std::string job, std::string unit, Deadline deadline);

  boost::asio::any_io_executor executor_;
  std::unique_ptr<SystemBus> bus_;
  std::vector<FinishedJob> finished_;
  std::set<std::string> with_ended_jobs_;  // since the unit was last up
  Subscription job_removed_;               // after bus_, which must outlive it
};

// Over its own connection. An error if there is no systemd.
boost::asio::awaitable<Result<bool>> host_shuts_down();

}  // namespace renewd::gateway
