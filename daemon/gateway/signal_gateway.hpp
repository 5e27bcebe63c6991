// Sends a signal to the gateway's main process. Refuses what would only end it: SIGHUP or SIGUSR2 to a JVM, and a
// terminating signal to a unit that systemd would not start again.
#pragma once

#include <optional>

#include "gateway/gateway.hpp"
#include "gateway/process_handle.hpp"
#include "gateway/systemd_units.hpp"

namespace renewd::gateway {

class SignalGateway final : public Gateway {
 public:
  // `timeout` bounds an activation.
  SignalGateway(const boost::asio::any_io_executor& executor, configuration::SignalGateway settings,
                std::chrono::seconds timeout);

  std::string description() const override;
  // A unit that a signal ends is waited for until systemd has started it again (in_use). Whether any other process has
  // heeded the signal cannot be seen (not_confirmed).
  boost::asio::awaitable<Result<Activation>> activate() override;
  boost::asio::awaitable<Result<std::string>> verify() override;
  boost::asio::awaitable<Result<std::string>> rehearse() override;

 private:
  struct Target {
    std::string name;  // "graviteeio-apim-gateway.service", "pid file /run/gateway.pid"
    pid_t pid;
    FileDescriptor process;
  };

  bool terminates() const;
  // The process that is to get the signal, checked but untouched; nothing when its unit is not running.
  boost::asio::awaitable<Result<std::optional<Target>>> find_target(Deadline deadline);
  Result<Target> open_target(std::string name, pid_t pid) const;
  boost::asio::awaitable<Result<Activation>> await_restart(std::string unit, pid_t old_pid, Deadline deadline);

  boost::asio::any_io_executor executor_;
  configuration::SignalGateway settings_;
  std::string unit_;  // empty with a pid file
  std::chrono::seconds timeout_;
  // The unit as the last activation left it running.
  std::optional<UnitState> started_;
};

}  // namespace renewd::gateway
