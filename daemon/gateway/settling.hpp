// Whether a unit that was just started has stayed up.
#pragma once

#include <chrono>
#include <string>

#include "core/error.hpp"
#include "gateway/systemd_units.hpp"

namespace renewd::gateway {

// A service of Type=simple is active as soon as it is forked; one that cannot work dies within moments.
inline constexpr std::chrono::seconds kSettleTime{2};

// Active, with the main process it was started with, and not restarted by systemd since. Error kind: gateway.
Result<std::string> check_settled(const std::string& unit, const UnitState& started, const UnitState& now);

}  // namespace renewd::gateway
