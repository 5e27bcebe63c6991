// Checks whether a unit was restarted and has stayed up since.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/error.hpp"
#include "gateway/check_result.hpp"
#include "gateway/gateway.hpp"
#include "gateway/gateway_state.hpp"
#include "gateway/unit_state.hpp"

namespace renewd::gateway {

// Passes if the unit is still in the run `started`. An external restart reads the same keystore and is as good as ours:
// the result is `restarting`, and `started` becomes the new run. Error kind: gateway, for a unit that ended by itself,
// even if systemd restarted it.
Result<CheckResult> check_unit(UnitState& started, const UnitState& now);

// When a unit that ended by itself counts as up again.
struct CrashRule {
  std::chrono::seconds stays_up_for;    // after an automatic restart
  std::int64_t requested_restarts = 0;  // automatic restarts that were requested, by a signal
  std::chrono::steady_clock::time_point now = std::chrono::steady_clock::now();
};

// The state of a gateway of these units: the worst of theirs. Nothing for a unit that systemd cannot load, which is no
// sign that the gateway does not run.
Result<std::optional<GatewayState>> state_of(const Result<std::vector<UnitState>>& units, const CrashRule& rule);

Units units_of(const std::vector<UnitState>& states);
// Whether the unit is in another run than in the snapshot. False if the snapshot does not know it.
bool was_started_since(const UnitState& now, const GatewaySnapshot& before);

}  // namespace renewd::gateway
