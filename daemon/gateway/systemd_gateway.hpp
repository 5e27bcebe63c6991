// Restarts systemd units and judges the result by the job, the unit's state and its main process. Never by the unit's
// Result: stopping a JVM ends it with status 143, which systemd counts as a failure. Never reloads: SIGHUP ends a JVM.
#pragma once

#include <map>
#include <set>

#include "gateway/gateway.hpp"
#include "gateway/systemd_units.hpp"

namespace renewd::gateway {

class SystemdGateway final : public Gateway {
 public:
  // `timeout` bounds an activation.
  SystemdGateway(const boost::asio::any_io_executor& executor, configuration::SystemdGateway settings,
                 std::chrono::seconds timeout);

  std::string description() const override;
  boost::asio::awaitable<Result<Activation>> activate() override;
  boost::asio::awaitable<Result<std::string>> verify() override;
  boost::asio::awaitable<Result<std::string>> rehearse() override;

 private:
  boost::asio::awaitable<Result<Activation>> activate_unit(SystemdUnits& systemd, std::string unit, Deadline deadline);
  boost::asio::awaitable<Result<Activation>> restart(SystemdUnits& systemd, std::string unit, UnitState before,
                                                     Deadline deadline);

  boost::asio::any_io_executor executor_;
  configuration::SystemdGateway settings_;
  std::chrono::seconds timeout_;
  // The units as the last activation left them running.
  std::map<std::string, UnitState> started_;
  // Units that ran until we restarted them and then did not come up. They are started again by the next activation
  // (of the old keystore, rolled back), although try-restart would leave them down.
  std::set<std::string> taken_down_;
};

}  // namespace renewd::gateway
