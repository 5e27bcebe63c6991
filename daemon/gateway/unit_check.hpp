// Whether a unit that was started has stayed up since, and whether it was started at all.
#pragma once

#include <vector>

#include "core/error.hpp"
#include "gateway/gateway.hpp"
#include "gateway/look.hpp"
#include "gateway/unit_state.hpp"

namespace renewd::gateway {

// Passed when it is up as it was started. A restart by others reads the same keystore: it is as good as ours, and the
// unit is watched from there (`started` changes, and the look is begins_now). Error kind: gateway, for a unit that
// ended by itself, whether systemd started it again or not.
Result<Look> check_unit(UnitState& started, const UnitState& now);

Units units_of(const std::vector<UnitState>& states);
// Whether it is in another run than was noted then. False where nothing was.
bool was_started_since(const UnitState& now, const GatewaySnapshot& before);

}  // namespace renewd::gateway
