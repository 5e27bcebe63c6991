#include "report/fleet_checks.hpp"

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "core/text.hpp"

namespace renewd::report {
namespace {

using FleetCheck = std::optional<Finding> (*)(const FleetStatus&, const std::string&, TimePoint);

std::string since(TimePoint begin, TimePoint now) {
  return format_duration(std::chrono::floor<std::chrono::seconds>(now - begin));
}

std::string advice_on(const std::optional<Problem>& problem, std::string otherwise) {
  if (problem && !problem->advice.empty()) {
    return problem->advice;
  }
  return otherwise;
}

std::optional<Finding> fleet_unreachable(const FleetStatus& fleet, const std::string&, TimePoint now) {
  if (fleet.unreachable.empty() || now - fleet.unreachable_since < kUnreachableFor) {
    return std::nullopt;
  }
  return Finding{FindingKind::fleet_unreachable, Severity::warning,
                 fmt::format("etcd has been unreachable for {} ({}){}", since(fleet.unreachable_since, now),
                             fleet.unreachable, fleet.problem ? ": " + fleet.problem->message : ""),
                 advice_on(fleet.problem,
                           "find out why etcd does not answer this host: gravitee-renewd validate "
                           "--online; /usr/share/doc/gravitee-renewd/docs/fleet.md, \"etcd "
                           "unreachable\"")};
}

std::optional<Finding> fleet_halted(const FleetStatus& fleet, const std::string& name, TimePoint) {
  if (!fleet.halt) {
    return std::nullopt;
  }
  const auto& [reason, member, at] = *fleet.halt;
  const std::string resume = "gravitee-renewd fleet resume " + name;
  return Finding{FindingKind::fleet_halted, Severity::warning,
                 fmt::format("the fleet's restarts have been halted since {} UTC {}", format_minute(at),
                             state::halted_by(reason, member)),
                 reason == "operator"
                     ? "to let the restarts continue, run " + resume
                     : fmt::format("find the cause on {}, which tries again by itself; to continue without it, run {}",
                                   member, resume)};
}

std::optional<Finding> fleet_value_refused(const FleetStatus& fleet, const std::string&, TimePoint) {
  if (!fleet.refused) {
    return std::nullopt;
  }
  return Finding{FindingKind::fleet_value_refused, Severity::warning, fleet.refused->message,
                 advice_on(fleet.refused, "/usr/share/doc/gravitee-renewd/docs/fleet.md, \"Values that are refused\"")};
}

// With another key, or a value that is refused, that is the cause.
bool is_unable(const FleetStatus& fleet) {
  return fleet.state == "unable" && !fleet.other_key && !fleet.refused;
}

std::optional<Finding> fleet_unable(const FleetStatus& fleet, const std::string&, TimePoint) {
  if (!is_unable(fleet)) {
    return std::nullopt;
  }
  return Finding{
      FindingKind::fleet_unable, Severity::warning,
      fmt::format("this host cannot use the fleet's newest certificate, generation {}: {}", fleet.generation,
                  fleet.sentence),
      "fix what the message names: /usr/share/doc/gravitee-renewd/docs/fleet.md, \"Unable\"; the daemon then "
      "tries again by itself"};
}

std::optional<Finding> fleet_lagging(const FleetStatus& fleet, const std::string&, TimePoint now) {
  if (!fleet.behind_since || now - *fleet.behind_since < kBehindFor || is_unable(fleet)) {
    return std::nullopt;
  }
  return Finding{FindingKind::fleet_lagging, Severity::warning,
                 fmt::format("this gateway does not use the fleet's newest certificate, which has been available for "
                             "{}{}",
                             since(*fleet.behind_since, now), fleet.sentence.empty() ? "" : ": " + fleet.sentence),
                 "see what this host waits for: gravitee-renewd fleet status"};
}

std::optional<Finding> fleet_key_differs(const FleetStatus& fleet, const std::string&, TimePoint) {
  if (!fleet.other_key) {
    return std::nullopt;
  }
  return Finding{FindingKind::fleet_key_differs, Severity::warning, fleet.other_key->message,
                 advice_on(fleet.other_key,
                           "give all hosts the same fleet.etcd.key; to change it, follow "
                           "/usr/share/doc/gravitee-renewd/docs/fleet.md, \"Changing the fleet key\"")};
}

std::optional<Finding> fleet_conflict(const FleetStatus& fleet, const std::string&, TimePoint) {
  if (!fleet.conflict) {
    return std::nullopt;
  }
  return Finding{FindingKind::fleet_conflict, Severity::warning, fleet.conflict->message,
                 advice_on(fleet.conflict, "give each host its own fleet.etcd.host")};
}

constexpr std::array<FleetCheck, 7> kFleetChecks{fleet_halted,        fleet_conflict, fleet_key_differs,
                                                 fleet_value_refused, fleet_unable,   fleet_unreachable,
                                                 fleet_lagging};

}  // namespace

void add_fleet_findings(const CertificateStatus& standing, TimePoint now, std::vector<Finding>& findings) {
  if (!standing.fleet) {
    return;
  }
  for (const FleetCheck check : kFleetChecks) {
    if (auto found = check(*standing.fleet, standing.name, now)) {
      findings.push_back(std::move(*found));
    }
  }
}

}  // namespace renewd::report
