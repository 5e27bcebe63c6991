// Sends a signal to the gateway's main process. Refuses what would only end it: SIGHUP or SIGUSR2 to a JVM, and a
// terminating signal to a unit that systemd would not start again.
#pragma once

#include <optional>

#include "gateway/action.hpp"
#include "gateway/process_handle.hpp"
#include "gateway/systemd_units.hpp"

namespace renewd::gateway {

// Whether the /proc of the one that sends the signal shows it processes that it may not inspect.
enum class OtherProcesses { shown, hidden };

class SignalAction final : public Action {
 public:
  // `timeout` bounds an activation.
  SignalAction(const boost::asio::any_io_executor& executor, configuration::SignalGateway settings,
               std::chrono::seconds timeout);

  std::string description() const override;
  boost::asio::awaitable<Result<Units>> units() override;
  // A unit that a signal ends is waited for until systemd has started it again (in_use). Whether any other process has
  // heeded the signal cannot be seen (not_confirmed).
  boost::asio::awaitable<Result<Activation>> activate(GatewaySnapshot before) override;
  bool acted() const override { return acted_; }
  boost::asio::awaitable<Result<std::string>> rehearse() override;
  bool watches(const GatewaySnapshot& before) const override { return started_ || !before.running.empty(); }
  boost::asio::awaitable<Result<Look>> check(GatewaySnapshot before) override;
  void end_checks() override { watched_.reset(); }

  // Whether the process of a pid file would get the signal now: what rehearse() does, without an event loop.
  static Result<void> check_pid_file(const std::filesystem::path& pid_file, int signal, OtherProcesses others);

 private:
  struct Target {
    std::string name;  // "graviteeio-apim-gateway.service", "pid file /run/gateway.pid"
    HeldProcess process;
    std::int64_t automatic_restarts = 0;  // of its unit, so far
  };

  bool terminates() const;
  // The process that is to get the signal, checked but untouched; nothing when its unit is not running.
  boost::asio::awaitable<Result<std::optional<Target>>> find_target(Deadline deadline);
  static Result<Target> as_target(std::string name, HeldProcess process, int signal);
  static Result<void> check_permission(const Target& target);
  boost::asio::awaitable<Result<Activation>> explain_absence(GatewaySnapshot before, Deadline deadline);
  // The unit, where it has been started since `before`, or is about to be.
  boost::asio::awaitable<Result<std::optional<UnitState>>> find_restarted(GatewaySnapshot before, Deadline deadline);
  // `old_pid` is 0 where another process than this one sent the signal. So many automatic `restarts` are no crashes.
  boost::asio::awaitable<Result<Activation>> await_restart(pid_t old_pid, std::int64_t restarts, Deadline deadline);

  boost::asio::any_io_executor executor_;
  configuration::SignalGateway settings_;
  std::string unit_;  // empty with a pid file
  std::chrono::seconds timeout_;
  // The unit as the last activation left it running.
  std::optional<UnitState> started_;
  bool acted_ = false;
  std::unique_ptr<SystemdUnits> watched_;  // between the checks of one verification
};

}  // namespace renewd::gateway
