#include "report/host_checks.hpp"

#include <array>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "core/text.hpp"

namespace renewd::report {
namespace {

constexpr std::string_view kFixWhatItNames =
    "fix what the message names; as root, gravitee-renewd validate shows whether it worked";

std::string advice_on(const Problem& problem, std::string_view otherwise = kFixWhatItNames) {
  return problem.advice.empty() ? std::string(otherwise) : problem.advice;
}

using HostCheck = std::optional<Finding> (*)(const CertificateStatus&);

// Only warnings: they are found months before a renewal.
std::optional<Finding> warning(FindingKind kind, const std::optional<Problem>& problem, std::string_view what,
                               std::string_view otherwise = kFixWhatItNames) {
  if (!problem) {
    return std::nullopt;
  }
  return Finding{kind, Severity::warning, std::string(what) + problem->message, advice_on(*problem, otherwise)};
}

std::optional<Finding> token_unusable(const CertificateStatus& standing) {
  return warning(FindingKind::token_unusable, standing.token_problem, "",
                 "let the service read a valid token: /usr/share/doc/gravitee-renewd/docs/operations.md, \"Token "
                 "unusable\"; a token that cannot be read needs no new one");
}

std::optional<Finding> keystore_not_replaceable(const CertificateStatus& standing) {
  // What keeps it from being read usually keeps it from being replaced.
  return standing.outlook ? warning(FindingKind::keystore_not_replaceable, standing.replacement_problem,
                                    "the keystore cannot be replaced: ")
                          : std::nullopt;
}

std::optional<Finding> gateway_not_restartable(const CertificateStatus& standing) {
  return warning(FindingKind::gateway_not_restartable, standing.activation_problem,
                 "the gateway could not be activated after a renewal: ");
}

// A renewal could not be verified either, and would be rolled back.
std::optional<Finding> gateway_health_unknown(const CertificateStatus& standing) {
  return warning(FindingKind::gateway_health_unknown, standing.health_check_problem,
                 "the gateway's health cannot be checked: ");
}

std::optional<Finding> ca_file_unusable(const CertificateStatus& standing) {
  return warning(FindingKind::ca_file_unusable, standing.ca_file_problem,
                 "a CA file cannot be used, so the next renewal would fail: ");
}

std::optional<Finding> configuration_not_in_effect(const CertificateStatus& standing) {
  return warning(FindingKind::configuration_not_in_effect, standing.configuration_problem, "");
}

// Only a stopped gateway is no emergency.
std::optional<Finding> gateway_down(const CertificateStatus& standing) {
  using gateway::Health;
  const auto& gateway = standing.gateway;
  if (!gateway || gateway->health == Health::up || gateway->health == Health::changing) {
    return std::nullopt;
  }
  const bool stopped = gateway->health == Health::stopped;
  const std::string activate = "run gravitee-renewd activate " + standing.name;
  const std::string unit = shell_quoted(gateway->unit);
  std::string advice;
  if (gateway->unit.empty()) {
    advice = "find the cause in the gateway's own log and fix it";
  } else if (stopped) {
    advice = "when it is to run again, start it: systemctl start " + unit;
  } else {
    advice = fmt::format("find the cause with journalctl -u {} and fix it; then {}", unit,
                         standing.activation_pending() ? activate : "run systemctl restart " + unit);
  }
  return Finding{FindingKind::gateway_down, stopped ? Severity::warning : Severity::critical,
                 fmt::format("the gateway {}: {}",
                             stopped                                ? "is stopped"
                             : gateway->health == Health::unhealthy ? "is unhealthy"
                                                                    : "is down",
                             gateway->message),
                 std::move(advice)};
}

std::optional<Finding> state_not_writable(const CertificateStatus& standing) {
  if (!standing.state_problem) {
    return std::nullopt;
  }
  return Finding{FindingKind::state_not_writable, standing.renewal_is_due() ? Severity::critical : Severity::warning,
                 "the state cannot be written, so nothing can be renewed: " + standing.state_problem->message,
                 advice_on(*standing.state_problem)};
}

std::optional<Finding> daemon_not_running(const CertificateStatus& standing) {
  // `check` itself watches a certificate that nothing renews.
  if (!standing.run_problem || standing.renew == configuration::RenewMode::never) {
    return std::nullopt;
  }
  return Finding{FindingKind::daemon_not_running, Severity::warning, *standing.run_problem,
                 standing.run_by == configuration::RunBy::timer
                     ? "check the timer that runs gravitee-renewd renew: systemctl list-timers --all"
                     : "start it with systemctl enable --now gravitee-renewd; if a timer runs gravitee-renewd renew "
                       "instead, set schedule.run_by: timer"};
}

constexpr std::array<HostCheck, 9> kHostChecks{
    gateway_down,           state_not_writable, token_unusable,   keystore_not_replaceable,   gateway_not_restartable,
    gateway_health_unknown, daemon_not_running, ca_file_unusable, configuration_not_in_effect};

}  // namespace

void add_host_findings(const CertificateStatus& standing, std::vector<Finding>& findings) {
  for (const HostCheck check : kHostChecks) {
    if (auto found = check(standing)) {
      findings.push_back(std::move(*found));
    }
  }
}

}  // namespace renewd::report
