#include "gateway/unit_check.hpp"

#include <fmt/format.h>

namespace renewd::gateway {

Units units_of(const std::vector<UnitState>& states) {
  Units units;
  for (const auto& unit : states) {
    if (unit.running()) {
      units.running.push_back(unit.name);
    }
    units.invocations[unit.name] = unit.invocation;
  }
  return units;
}

bool was_started_since(const UnitState& now, const GatewaySnapshot& before) {
  const auto noted = before.invocations.find(now.name);
  return noted != before.invocations.end() && !now.invocation.empty() && now.invocation != noted->second;
}

Result<CheckResult> check_unit(UnitState& started, const UnitState& now) {
  const auto failed = [&](const std::string& why) {
    return failure(ErrorKind::gateway, fmt::format("verifying {}: {}; see journalctl -u {}", now.name, why, now.name));
  };
  // A requested restart resets the counter.
  if (now.automatic_restarts > started.automatic_restarts) {
    return failed(
        fmt::format("main process {} ended and systemd restarted it ({})", started.main_pid, now.description()));
  }
  if (now.up()) {
    const bool same = now.invocation == started.invocation && now.main_pid == started.main_pid;
    if (same) {
      return CheckResult{Verdict::passed, fmt::format("{} is active, main process {}", now.name, now.main_pid)};
    }
    started = now;
    return CheckResult{Verdict::restarting,
                       fmt::format("{} was restarted externally, main process {}", now.name, now.main_pid)};
  }
  if (now.changing()) {
    return CheckResult{Verdict::restarting,
                       fmt::format("{} is being started or stopped ({})", now.name, now.description())};
  }
  if (now.was_stopped()) {
    return CheckResult{Verdict::stopped,
                       now.name + " was stopped on request: it will use the new certificate when it starts"};
  }
  return failed("it did not stay up (" + now.description() + ")");
}

}  // namespace renewd::gateway
