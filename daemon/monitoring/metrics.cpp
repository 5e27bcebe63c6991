#include "monitoring/metrics.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/text.hpp"
#include "core/version.hpp"
#include "monitoring/fleet_metrics.hpp"
#include "report/assessment.hpp"

namespace renewd::monitoring {
namespace {

using report::CertificateStatus;

double seconds(TimePoint time) {
  return static_cast<double>(std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count());
}

// Reads a value of a standing, if it is known.
using Reader = std::optional<double> (*)(const CertificateStatus&);

std::optional<double> not_before(const CertificateStatus& standing) {
  return standing.outlook ? std::optional(seconds(standing.outlook->certificate.not_before())) : std::nullopt;
}

std::optional<double> not_after(const CertificateStatus& standing) {
  const auto known = standing.known_not_after();
  return known ? std::optional(seconds(*known)) : std::nullopt;
}

std::optional<double> in_use_not_after(const CertificateStatus& standing) {
  return standing.in_use ? std::optional(seconds(standing.in_use->not_after)) : std::nullopt;
}

// The daemon plans nothing while its clock is in doubt.
bool is_planned(const CertificateStatus& standing) {
  return standing.outlook && standing.renew == configuration::RenewMode::automatic &&
         !standing.outlook->clock_is_doubtful();
}

// In the past while the renewal is due.
std::optional<double> next_renewal(const CertificateStatus& standing) {
  if (!is_planned(standing)) {
    return std::nullopt;
  }
  const report::Outlook& outlook = *standing.outlook;
  const renewal::Step& step = outlook.step;
  const bool ahead = step.act == renewal::Act::wait && !standing.unfinished &&
                     (step.reason == renewal::Reason::not_due || step.reason == renewal::Reason::splay ||
                      step.reason == renewal::Reason::maintenance_window);
  return seconds(ahead ? step.at : std::min(standing.looked_at, TimePoint(outlook.window_opens + outlook.splay)));
}

std::optional<double> next_attempt(const CertificateStatus& standing) {
  return is_planned(standing) ? std::optional(seconds(standing.outlook->step.at)) : std::nullopt;
}

std::optional<double> token_not_after(const CertificateStatus& standing) {
  return standing.token_not_after ? std::optional(seconds(*standing.token_not_after)) : std::nullopt;
}

std::optional<double> last_success(const CertificateStatus& standing) {
  const auto* const success = standing.last_success();
  return success == nullptr ? std::nullopt : std::optional(seconds(success->ended));
}

Labels labels(const std::string& certificate) {
  return {{"certificate", certificate}};
}

std::vector<Family> gauges(const std::vector<std::string>& names,
                           const std::map<std::string, CertificateStatus>& standings) {
  const auto gauge = [&](std::string_view name, std::string_view help, Reader read) {
    Family family{name, MetricType::gauge, help, {}};
    for (const auto& certificate : names) {
      const auto standing = standings.find(certificate);
      if (const auto value = standing == standings.end() ? std::nullopt : read(standing->second)) {
        family.samples.push_back({labels(certificate), *value});
      }
    }
    return family;
  };
  return {
      gauge("certificate_not_before_timestamp_seconds", "When the installed certificate becomes valid.", not_before),
      gauge("certificate_not_after_timestamp_seconds",
            "When the installed certificate expires; the last one known if the keystore is unreadable.", not_after),
      gauge("certificate_in_use_not_after_timestamp_seconds",
            "When the certificate that the gateway last started with expires.", in_use_not_after),
      gauge("certificate_readable", "1 if the daemon could open the keystore at the last check, else 0.",
            [](const CertificateStatus& standing) { return std::optional(standing.outlook ? 1.0 : 0.0); }),
      gauge("next_renewal_timestamp_seconds",
            "When the renewal is due on this host, including splay and maintenance windows.", next_renewal),
      gauge("next_attempt_timestamp_seconds", "When the daemon next begins, retries or resumes a renewal.",
            next_attempt),
      gauge("last_check_timestamp_seconds", "When the daemon last checked the keystore.",
            [](const CertificateStatus& standing) { return std::optional(seconds(standing.looked_at)); }),
      gauge("last_success_timestamp_seconds", "When the last renewal completed.", last_success),
      gauge("token_not_after_timestamp_seconds", "When the account token expires, if the token says so.",
            token_not_after),
      gauge("consecutive_failures", "Failed attempts since the last success.",
            [](const CertificateStatus& standing) {
              return std::optional(static_cast<double>(standing.attempts.failures_in_a_row));
            }),
      gauge("gateway_up", "1 if the gateway runs, and passes its health check if there is one, else 0.",
            [](const CertificateStatus& standing) {
              const auto& gateway = standing.gateway;
              return gateway ? std::optional(gateway->health == gateway::Health::up ? 1.0 : 0.0) : std::nullopt;
            }),
      gauge("activation_pending", "1 if the gateway does not use the installed keystore yet, else 0.",
            [](const CertificateStatus& standing) { return std::optional(standing.activation_pending() ? 1.0 : 0.0); }),
  };
}

// What every form shows. Only findings that are not OK: an alert resolves as soon as its finding is gone.
std::vector<Family> judged(const std::vector<std::string>& names,
                           const std::map<std::string, CertificateStatus>& standings, TimePoint now) {
  Family severities{"severity", MetricType::gauge, "0 is OK, 1 WARNING, 2 CRITICAL: the worst finding.", {}};
  Family findings{"finding", MetricType::gauge, "1 for each present finding that is not OK.", {}};
  Family failing{
      "renewal_failing", MetricType::gauge, "1 for the class of the last failure while the renewal fails, else 0.", {}};
  for (const auto& name : names) {
    const auto standing = standings.find(name);
    if (standing == standings.end()) {
      continue;
    }
    const auto assessment = report::assess(standing->second, {}, now);
    severities.samples.push_back({labels(name), static_cast<double>(assessment.severity())});
    for (const auto& finding : assessment.findings) {
      if (finding.severity != report::Severity::ok) {
        findings.samples.push_back({{{"certificate", name},
                                     {"kind", std::string(to_string(finding.kind))},
                                     {"severity", lower_case(to_string(finding.severity))}},
                                    1});
      }
    }
    const bool fails = assessment.has(report::FindingKind::renewal_failing);
    for (const auto kind : report::kFailureClasses) {
      const bool is_last = fails && standing->second.attempts.last_failure == to_string(kind);
      failing.samples.push_back(
          {{{"certificate", name}, {"class", std::string(to_string(kind))}}, is_last ? 1.0 : 0.0});
    }
  }
  return {std::move(severities), std::move(findings), std::move(failing)};
}

void add_durations(Family& family, const std::string& certificate, const Histogram& requests) {
  const auto bucket = [&](std::string bound, std::uint64_t count) {
    family.samples.push_back(
        {{{"certificate", certificate}, {"le", std::move(bound)}}, static_cast<double>(count), "_bucket"});
  };
  for (std::size_t i = 0; i < Histogram::kBounds.size(); ++i) {
    bucket(fmt::format("{:g}", Histogram::kBounds.at(i)), requests.up_to(i));
  }
  bucket("+Inf", requests.count());
  family.samples.push_back({labels(certificate), requests.sum(), "_sum"});
  family.samples.push_back({labels(certificate), static_cast<double>(requests.count()), "_count"});
}

std::vector<Family> counted(const std::vector<std::string>& names, const Counters& counters) {
  Family attempts{"renewal_attempts_total", MetricType::counter, "Finished renewal attempts, by result.", {}};
  Family failures{"renewal_failures_total", MetricType::counter, "Failed renewal attempts, by class.", {}};
  Family rollbacks{"rollbacks_total", MetricType::counter, "Roll-backs to the previous keystore.", {}};
  Family durations{"request_duration_seconds", MetricType::histogram, "How long the cloud took to respond.", {}};
  for (const auto& name : names) {
    const auto counts = counters.of(name);
    double failed = 0;
    // All of them from the beginning, with zero, so that the first failure is an increase.
    for (const auto kind : report::kFailureClasses) {
      const auto found = counts.failures.find(std::string(to_string(kind)));
      const double count = found == counts.failures.end() ? 0.0 : static_cast<double>(found->second);
      failed += count;
      failures.samples.push_back({{{"certificate", name}, {"class", std::string(to_string(kind))}}, count});
    }
    attempts.samples.push_back({{{"certificate", name}, {"result", "success"}}, static_cast<double>(counts.successes)});
    attempts.samples.push_back({{{"certificate", name}, {"result", "failure"}}, failed});
    rollbacks.samples.push_back({labels(name), static_cast<double>(counts.rollbacks)});
    add_durations(durations, name, counts.requests);
  }
  return {std::move(attempts), std::move(failures), std::move(rollbacks), std::move(durations)};
}

}  // namespace

std::vector<Family> metrics(const std::vector<std::string>& names,
                            const std::map<std::string, CertificateStatus>& standings, const Counters& counters,
                            TimePoint now) {
  std::vector<Family> families = gauges(names, standings);
  for (auto& family : judged(names, standings, now)) {
    families.push_back(std::move(family));
  }
  for (auto& family : counted(names, counters)) {
    families.push_back(std::move(family));
  }
  for (auto& family : fleet_metrics(names, standings, now)) {
    families.push_back(std::move(family));
  }
  Family skew{"clock_skew_seconds",
              MetricType::gauge,
              "Seconds that this host's clock is ahead of the cloud's, at its last response.",
              {}};
  if (const auto seconds = counters.clock_skew_seconds()) {
    skew.samples.push_back({{}, *seconds});
  }
  families.push_back(std::move(skew));
  families.push_back({"config_last_reload_successful",
                      MetricType::gauge,
                      "1 if the daemon accepted the configuration file at the last reload, else 0.",
                      {{{}, counters.last_reload_successful() ? 1.0 : 0.0}}});
  families.push_back({"build_info",
                      MetricType::gauge,
                      "Always 1; the label has the version of the daemon.",
                      {{{{"version", std::string(version())}}, 1.0}}});
  return families;
}

}  // namespace renewd::monitoring
