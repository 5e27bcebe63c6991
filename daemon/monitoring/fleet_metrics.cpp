#include "monitoring/fleet_metrics.hpp"

#include <optional>

namespace renewd::monitoring {
namespace {

using report::FleetStatus;

// Reads a value, if it is known.
using Reader = std::optional<double> (*)(const FleetStatus&, TimePoint);

std::optional<double> flag(bool value) {
  return value ? 1.0 : 0.0;
}

std::optional<double> newest_not_after(const FleetStatus& fleet, TimePoint) {
  return fleet.newest_not_after ? std::optional(static_cast<double>(fleet.newest_not_after->time_since_epoch().count()))
                                : std::nullopt;
}

std::optional<double> lag(const FleetStatus& fleet, TimePoint now) {
  return fleet.behind_since && now > *fleet.behind_since
             ? std::chrono::duration<double>(std::chrono::floor<std::chrono::seconds>(now - *fleet.behind_since))
                   .count()
             : 0.0;
}

Family failures_of(const std::map<std::string, std::uint64_t>& counts) {
  Family family{"fleet_request_failures_total", MetricType::counter, "Failed calls to etcd, by reason.", {}};
  for (const auto reason : state::kUnreachableReasons) {
    const auto found = counts.find(std::string(reason));
    family.samples.push_back(
        {{{"class", std::string(reason)}}, found == counts.end() ? 0.0 : static_cast<double>(found->second)});
  }
  return family;
}

}  // namespace

std::vector<Family> fleet_metrics(const std::vector<std::string>& names,
                                  const std::map<std::string, report::CertificateStatus>& standings, TimePoint now) {
  const report::CertificateStatus* member = nullptr;
  for (const auto& name : names) {
    const auto standing = standings.find(name);
    member = standing != standings.end() && standing->second.fleet ? &standing->second : member;
  }
  if (member == nullptr) {
    return {};
  }
  const auto gauge = [&](std::string_view name, std::string_view help, Reader read) {
    Family family{name, MetricType::gauge, help, {}};
    for (const auto& certificate : names) {
      const auto standing = standings.find(certificate);
      const bool has_fleet = standing != standings.end() && standing->second.fleet;
      if (const auto value = has_fleet ? read(*standing->second.fleet, now) : std::nullopt) {
        family.samples.push_back({{{"certificate", certificate}}, *value});
      }
    }
    return family;
  };
  return {
      gauge("fleet_reachable", "1 if etcd answers this host, else 0.",
            [](const FleetStatus& fleet, TimePoint) { return flag(fleet.unreachable.empty()); }),
      gauge("fleet_hosts", "Members that are present.",
            [](const FleetStatus& fleet, TimePoint) { return std::optional<double>(fleet.hosts); }),
      gauge("fleet_hosts_in_use_of_newest", "Present members whose gateway uses the newest certificate.",
            [](const FleetStatus& fleet, TimePoint) { return std::optional<double>(fleet.hosts_in_use_of_newest); }),
      gauge("fleet_generation", "The number of the newest generation.",
            [](const FleetStatus& fleet, TimePoint) { return std::optional(static_cast<double>(fleet.generation)); }),
      gauge("fleet_newest_not_after_timestamp_seconds", "When the newest certificate of the fleet expires.",
            newest_not_after),
      gauge("fleet_leading", "1 if this host requests the certificate, else 0.",
            [](const FleetStatus& fleet, TimePoint) { return flag(fleet.leading); }),
      gauge("fleet_halted", "1 if the restarts in turn are halted, else 0.",
            [](const FleetStatus& fleet, TimePoint) { return flag(fleet.halt.has_value()); }),
      gauge("fleet_waiting", "1 if this host waits for its turn to restart its gateway, else 0.",
            [](const FleetStatus& fleet, TimePoint) { return flag(fleet.waiting); }),
      gauge(
          "fleet_lag_seconds",
          "How long the gateway could have used the newest certificate, and does not; 0 while it does, or waits for a "
          "maintenance window.",
          lag),
      failures_of(member->fleet_failures),
  };
}

}  // namespace renewd::monitoring
