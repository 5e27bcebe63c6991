#include "gateway/unit_check.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>

namespace renewd::gateway {
namespace {

using std::chrono::microseconds;

// systemd restarted it by itself, and it has not yet shown that it stays up: a crash loop is active most of the time.
// A requested start resets systemd's counter.
bool has_just_crashed(const UnitState& unit, const CrashRule& rule) {
  if (unit.automatic_restarts <= rule.requested_restarts) {
    return false;
  }
  if (unit.up()) {
    return rule.now.time_since_epoch() - microseconds(unit.became_active) < rule.stays_up_for;
  }
  return unit.active_state == "activating" || (unit.active_state == "deactivating" && !unit.has_job);
}

GatewayState state_of_one(const UnitState& unit, const CrashRule& rule) {
  const auto is = [&unit](Health health, const char* what) {
    return GatewayState{health, fmt::format("{} {} ({})", unit.name, what, unit.description()), unit.name};
  };
  if (unit.restarts_by_itself()) {
    return is(Health::down, "has ended, and systemd is about to start it again");
  }
  if (has_just_crashed(unit, rule)) {
    return {
        Health::down,
        fmt::format("{} has ended by itself, and systemd has just started it again ({}, {} automatic restart{})",
                    unit.name, unit.description(), unit.automatic_restarts, unit.automatic_restarts == 1 ? "" : "s"),
        unit.name};
  }
  if (unit.up()) {
    return is(Health::up, "is running");
  }
  if (unit.changing()) {
    return is(Health::changing, "is being started or stopped");
  }
  if (unit.was_stopped()) {
    return is(Health::stopped, "was stopped on request");
  }
  if (unit.is_forgotten()) {
    return is(Health::stopped, "is not running");
  }
  return is(Health::down, unit.active_state == "failed" ? "has failed" : "has ended by itself");
}

}  // namespace

std::string_view to_string(Health health) {
  switch (health) {
    case Health::up:
      return "up";
    case Health::changing:
      return "changing";
    case Health::stopped:
      return "stopped";
    case Health::unhealthy:
      return "unhealthy";
    case Health::down:
      return "down";
  }
  return "unknown";
}

Result<std::optional<GatewayState>> state_of(const Result<std::vector<UnitState>>& units, const CrashRule& rule) {
  std::optional<GatewayState> worst;
  if (!units && units.error().kind == ErrorKind::gateway) {
    return worst;
  }
  if (!units) {
    return tl::unexpected(units.error());
  }
  std::int64_t last_start = 0;
  std::int64_t first_start_at = std::numeric_limits<std::int64_t>::max();
  for (const UnitState& unit : *units) {
    GatewayState one = state_of_one(unit, rule);
    if (!worst || one.health > worst->health) {
      worst = std::move(one);
    }
    last_start = std::max(last_start, unit.main_process_started);
    first_start_at = std::min(first_start_at, unit.main_process_started_at);
  }
  if (worst && worst->health == Health::up && first_start_at > 0) {
    worst->running_since = TimePoint(microseconds(first_start_at));
    worst->up_for = std::chrono::floor<microseconds>(rule.now.time_since_epoch()) - microseconds(last_start);
  }
  return worst;
}

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
