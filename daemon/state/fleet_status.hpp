// What a host knows of its fleet, for people: the commands read it from the observation of the running daemon.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json/fwd.hpp>

#include "core/clock.hpp"
#include "core/error.hpp"

namespace renewd::state {

// The reasons of fleet_unreachable (docs/events.md).
inline constexpr std::array<std::string_view, 12> kUnreachableReasons{
    "dns",        "connect",     "tls",       "timeout",   "no_leader", "auth",
    "permission", "gateway_off", "client_cn", "too_large", "no_space",  "bad_answer"};

struct FleetHalt {
  std::string reason;  // "failed", "lost" or "operator"
  std::string member;  // the cause
  TimePoint at;

  bool operator==(const FleetHalt&) const = default;
};

// Who or what has halted the restarts: "by an operator on gateway-3", "because the gateway of gateway-3/production
// failed with the new certificate".
std::string halted_by(std::string_view reason, std::string_view member);

struct FleetStatus {
  // Why etcd cannot be reached, as `reason` of fleet_unreachable; empty: it can. Then the rest is what was last seen.
  std::string unreachable;
  std::optional<Problem> problem = std::nullopt;  // of that
  TimePoint unreachable_since = {};

  unsigned hosts = 0;  // that are present
  unsigned hosts_in_use_of_newest = 0;
  std::uint64_t generation = 0;  // the newest; 0: none was published
  std::optional<std::chrono::sys_seconds> newest_not_after = std::nullopt;
  bool leading = false;  // this host requests the certificate
  bool waiting = false;  // this host waits for its turn
  std::optional<FleetHalt> halt = std::nullopt;
  // Since when this host could use the newest certificate, and does not; nothing while it waits for a maintenance
  // window.
  std::optional<TimePoint> behind_since = std::nullopt;
  // Others use another fleet key; another process has this host's name; a value in etcd cannot be used.
  std::optional<Problem> other_key = std::nullopt;
  std::optional<Problem> conflict = std::nullopt;
  std::optional<Problem> refused = std::nullopt;
  // Of this member: the name of a fleet::MemberState, and why; empty until it has seen the fleet.
  std::string state;
  std::string sentence = {};

  bool operator==(const FleetStatus&) const = default;
};

// "generation 7, in use on 12 of 20 hosts; this host: waiting: its turn comes after gateway-1/production".
std::string describe(const FleetStatus& fleet);

boost::json::object to_json(const FleetStatus& fleet);
// Nothing if it cannot be parsed.
std::optional<FleetStatus> fleet_status_from(const boost::json::value& value);

}  // namespace renewd::state
