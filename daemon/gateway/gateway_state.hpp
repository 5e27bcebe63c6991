// Whether a gateway runs, at one moment.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.hpp"

namespace renewd::gateway {

enum class Health {
  up,
  changing,   // being started or stopped, or up for less time than a start may take and not healthy yet
  stopped,    // by an operator, or never started
  unhealthy,  // its units are up, and its health check fails
  down,       // a unit has failed, or has ended by itself
};
// "up", "changing", …
std::string_view to_string(Health health);

struct GatewayState {
  Health health = Health::up;
  std::string message;  // of the unit in the worst state: "gateway.service has failed (ActiveState=failed, …)"
  std::string unit;     // that one; empty if the gateway is not a unit
  // When the main process that was started first was started; nothing unless all units are up, and say so.
  std::optional<TimePoint> running_since = std::nullopt;
  // For how long, by the monotonic clock.
  std::optional<std::chrono::microseconds> up_for = std::nullopt;
};

}  // namespace renewd::gateway
