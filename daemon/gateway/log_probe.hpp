// `gateway.verify.log`: lines of a unit's journal or of a file that tell whether the gateway is well.
#pragma once

#include <string>
#include <vector>

#include "configuration/settings.hpp"
#include "gateway/probe.hpp"
#include "gateway/systemd_units.hpp"

namespace renewd::gateway {

// For a unit whose output does not reach the journal.
std::string output_is_elsewhere(const UnitOnHost& unit);

class LogProbe final : public Probe {
 public:
  LogProbe(configuration::LogProbeSettings settings, std::vector<NamedSecret> secrets);

  std::string log_position() const override;
  boost::asio::awaitable<Result<std::unique_ptr<Watch>>> watch(GatewaySnapshot before) override;
  boost::asio::awaitable<Result<std::string>> rehearse() override;

 private:
  configuration::LogProbeSettings settings_;
  std::vector<NamedSecret> secrets_;
};

}  // namespace renewd::gateway
