// Whether a unit that was started has stayed up since.
#pragma once

#include <string>

#include "core/error.hpp"
#include "gateway/systemd_units.hpp"

namespace renewd::gateway {

// Active, with the main process it was started with, and not restarted by systemd since. Error kind: gateway.
Result<std::string> check_unit(const UnitState& started, const UnitState& now);

}  // namespace renewd::gateway
