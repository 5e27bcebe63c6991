// `gateway.verify.log`: a unit's journal or a log file shows whether the gateway is healthy.
#pragma once

#include <string>
#include <vector>

#include "configuration/settings.hpp"
#include "gateway/probe.hpp"
#include "gateway/systemd_units.hpp"

namespace renewd::gateway {

// For messages: the unit's output does not reach the journal.
std::string no_journal_output(const InstalledUnit& unit);

class LogProbe final : public Probe {
 public:
  LogProbe(configuration::LogProbeSettings settings, std::vector<NamedSecret> secrets);

  std::string log_position() const override;
  boost::asio::awaitable<Result<std::unique_ptr<ProbeSession>>> begin(GatewaySnapshot before) override;
  boost::asio::awaitable<Result<std::string>> rehearse() override;

 private:
  configuration::LogProbeSettings settings_;
  std::vector<NamedSecret> secrets_;
};

}  // namespace renewd::gateway
