// Whether a gateway runs, and would be activated, at one moment.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.hpp"
#include "core/error.hpp"

namespace renewd::gateway {

enum class Health {
  up,
  changing,   // being started or stopped, or up for less time than a start may take and not healthy yet
  stopped,    // by an operator, or never started
  unhealthy,  // its units are up, and its health check fails
  down,       // a unit has failed, has ended by itself, or was restarted after that and has not stayed up yet
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

// What is found when a gateway is examined.
struct Examination {
  // Whether it runs; nothing if this cannot be known: no unit and no health check, or a unit that does not exist.
  std::optional<GatewayState> state = std::nullopt;
  // Why that cannot be found out: the password of verify.http cannot be read or is refused, or systemd does not
  // respond.
  std::optional<Problem> health_check_problem = std::nullopt;
  // Why activate() would fail: a unit is missing, or may not be restarted, or systemd does not respond.
  std::optional<Problem> activation_problem = std::nullopt;
};

}  // namespace renewd::gateway
