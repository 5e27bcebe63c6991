// The units of this host's systemd, over the system bus: their state, restart jobs, and whether we may run one. While
// the bus or systemd is restarted, questions are asked again over another connection, until their deadline. What a
// state means for a gateway is the callers' business.
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

// For questions, which systemd answers at once.
inline constexpr std::chrono::seconds kQuestionTimeout{10};

// As systemctl does it: a name without the suffix means the service.
std::string service_name(const std::string& unit);

// What stops a unit besides a stop of its own: a stop of `unit`, or its start, by `setting`.
struct Tie {
  std::string unit;
  std::string setting;  // "PartOf"; "Conflicts" for its start
};

// What systemd knows of a unit that need not exist.
struct UnitOnHost {
  std::string name;                 // its own, as in UnitState
  std::string user;                 // User=, empty for root
  std::vector<std::string> groups;  // SupplementaryGroups=
  bool hides_homes;                 // ProtectHome=: home directories are empty, or not there, for it
  bool hides_processes;             // ProtectProc=: it sees none that it may not inspect
  std::string output;               // StandardOutput= and StandardError=, where none of them reaches the journal
  Result<void> usable;              // the error says why systemd could not start it
  std::vector<Tie> stopped_by;
};

class SystemdUnits {
 public:
  enum class Job { restart, try_restart };
  struct JobEnd {
    std::string result;  // "done", "failed", …; empty when its end was not seen: the deadline passed first, or
    std::string doubt;   // … why it may not even have begun
  };

  static Result<std::unique_ptr<SystemdUnits>> connect(const boost::asio::any_io_executor& executor);

  // A unit that does not exist, is masked or cannot be loaded is an error. Errors of all functions: gateway, cancelled,
  // and kUnanswered when the deadline has passed without an answer.
  boost::asio::awaitable<Result<UnitState>> state(std::string unit, Deadline deadline);
  // An error is one of the bus or of systemd, never of the unit.
  boost::asio::awaitable<Result<UnitOnHost>> look_up(std::string unit, Deadline deadline);
  // The states of several units in their order, each once, although it may be named twice.
  boost::asio::awaitable<Result<std::vector<UnitState>>> states(std::vector<std::string> units, Deadline deadline);
  // Runs a job to its end. Whose end was not seen may go on.
  boost::asio::awaitable<Result<JobEnd>> run(Job job, std::string unit, Deadline deadline);
  // Lets the states that are asked for later tell whose jobs have ended; to be called before each question, since it
  // ends with a connection that is lost.
  boost::asio::awaitable<Result<void>> watch_jobs(Deadline deadline);
  // The same where a refusal says nothing about the gateway: only a cancellation is an error.
  boost::asio::awaitable<Result<void>> watch_jobs_if_possible(Deadline deadline);
  // Whether we may run such a job. The unit is not touched.
  boost::asio::awaitable<Result<void>> check_permission(Job job, std::string unit, Deadline deadline);
  // The state once the unit is neither being started nor stopped, by whomever; at the deadline as it is then.
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
  // Once.
  boost::asio::awaitable<CallResult> call(Call call, Deadline deadline);
  // For what may be asked twice.
  boost::asio::awaitable<CallResult> ask(Call call, Deadline deadline);
  boost::asio::awaitable<Result<JobEnd>> await_end(std::string job, std::string unit, Deadline deadline);

  boost::asio::any_io_executor executor_;
  std::unique_ptr<SystemBus> bus_;
  std::vector<FinishedJob> finished_;
  std::set<std::string> with_ended_jobs_;  // units, since they were last seen up
  Subscription job_removed_;               // after bus_, which it must not outlive
};

// Over a connection of its own. An error where there is no systemd.
boost::asio::awaitable<Result<bool>> host_shuts_down();

}  // namespace renewd::gateway
