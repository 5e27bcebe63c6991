// Sends a signal to the gateway's main process. Refuses signals that would only terminate it: SIGHUP or SIGUSR2 to a
// JVM, and a terminating signal to a unit that systemd would not restart.
#pragma once

#include <optional>

#include "gateway/action.hpp"
#include "gateway/process_handle.hpp"
#include "gateway/systemd_units.hpp"

namespace renewd::gateway {

// Whether the sender's /proc shows processes that it may not inspect.
enum class OtherProcesses { shown, hidden };

class SignalAction final : public Action {
 public:
  // `timeout` bounds an activation.
  SignalAction(const boost::asio::any_io_executor& executor, configuration::SignalGateway settings,
               std::chrono::seconds timeout);

  std::string description() const override;
  boost::asio::awaitable<Result<Units>> units() override;
  boost::asio::awaitable<Result<std::optional<GatewayState>>> state(std::chrono::seconds stays_up_for) override;
  std::vector<std::string> watched_units() const override {
    return unit_.empty() ? std::vector<std::string>() : std::vector{unit_};
  }
  // If the signal terminates a unit, waits until systemd has restarted it (in_use). Whether any other process reacts to
  // the signal is unknown (not_confirmed).
  boost::asio::awaitable<Result<Activation>> activate(GatewaySnapshot before) override;
  bool acted() const override { return acted_; }
  boost::asio::awaitable<Result<std::string>> rehearse() override;
  bool can_check(const GatewaySnapshot& before) const override { return started_ || !before.running.empty(); }
  boost::asio::awaitable<Result<CheckResult>> check(GatewaySnapshot before) override;
  void end_checks() override { watched_.reset(); }

  // As rehearse() for a pid file, without an event loop.
  static Result<void> check_pid_file(const std::filesystem::path& pid_file, int signal, OtherProcesses others);

 private:
  struct Target {
    std::string name;  // "graviteeio-apim-gateway.service", "pid file /run/gateway.pid"
    ProcessHandle process;
    std::int64_t automatic_restarts = 0;  // of its unit, so far
  };

  bool terminates() const;
  // Null for a pid file.
  Result<std::unique_ptr<SystemdUnits>> connect() const;
  // The process to signal, after all checks; empty if its unit is not running.
  boost::asio::awaitable<Result<std::optional<Target>>> find_target(SystemdUnits* systemd, Deadline deadline);
  static Result<Target> as_target(std::string name, ProcessHandle process, int signal);
  static Result<void> check_permission(const Target& target);
  boost::asio::awaitable<Result<Activation>> explain_absence(SystemdUnits& systemd, GatewaySnapshot before,
                                                             Deadline deadline);
  // `old_pid` is 0 if an earlier process sent the signal. Automatic restarts beyond `restarts` count as crashes.
  boost::asio::awaitable<Result<Activation>> await_restart(SystemdUnits& systemd, pid_t old_pid, std::int64_t restarts,
                                                           Deadline deadline);

  boost::asio::any_io_executor executor_;
  configuration::SignalGateway settings_;
  std::string unit_;  // empty with a pid file
  std::chrono::seconds timeout_;
  std::optional<UnitState> started_;  // as the last activation left it
  // With a signal that terminates: systemd counts its restart after our signal like one after a crash. Unknown in a new
  // process, where the count so far says nothing.
  std::optional<std::int64_t> requested_restarts_;
  bool acted_ = false;
  std::unique_ptr<SystemdUnits> watched_;  // shared by the checks of one verification
};

}  // namespace renewd::gateway
