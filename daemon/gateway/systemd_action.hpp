// Restarts systemd units and checks the job's result, the unit's state and its main process. Ignores the unit's Result:
// a JVM that is stopped exits with status 143, which systemd counts as a failure. Never reloads: SIGHUP terminates a
// JVM.
#pragma once

#include <map>
#include <set>
#include <string>

#include "gateway/action.hpp"
#include "gateway/systemd_units.hpp"

namespace renewd::gateway {

class SystemdAction final : public Action {
 public:
  // `timeout` bounds an activation.
  SystemdAction(const boost::asio::any_io_executor& executor, configuration::SystemdGateway settings,
                std::chrono::seconds timeout);

  std::string description() const override;
  boost::asio::awaitable<Result<Units>> units() override;
  boost::asio::awaitable<Result<std::optional<GatewayState>>> state(std::chrono::seconds stays_up_for) override;
  std::vector<std::string> watched_units() const override { return settings_.units; }
  boost::asio::awaitable<Result<Activation>> activate(GatewaySnapshot before) override;
  bool acted() const override { return acted_; }
  boost::asio::awaitable<Result<std::string>> rehearse() override;
  bool can_check(const GatewaySnapshot& before) const override { return !started_.empty() || !before.running.empty(); }
  boost::asio::awaitable<Result<CheckResult>> check(GatewaySnapshot before) override;
  void end_checks() override { watched_.reset(); }

 private:
  struct Restart {
    SystemdUnits::JobEnd end;
    UnitState after;
    // The job may have done nothing, or its result may be another job's.
    bool in_doubt() const;
  };

  boost::asio::awaitable<Result<Activation>> activate_unit(SystemdUnits& systemd, std::string unit,
                                                           GatewaySnapshot before, Deadline deadline);
  // For a unit that was restarted since the snapshot, by an interrupted activation or externally.
  Activation adopt(const UnitState& now);
  boost::asio::awaitable<Result<Restart>> run_job(SystemdUnits& systemd, UnitState before, Deadline deadline);
  boost::asio::awaitable<Result<Activation>> restart(SystemdUnits& systemd, UnitState before, Deadline deadline);
  static std::string failure_reason(const Restart& restart, const UnitState& before);

  boost::asio::any_io_executor executor_;
  configuration::SystemdGateway settings_;
  std::chrono::seconds timeout_;
  // The units as the last activation left them, or as the first check found them.
  std::map<std::string, UnitState> started_;
  std::set<std::string> left_down_;  // by our own failed restarts
  bool acted_ = false;
  std::unique_ptr<SystemdUnits> watched_;  // from an activation to the end of its verification
};

}  // namespace renewd::gateway
