#include "report/assessment.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string_view>
#include <tuple>

#include <fmt/format.h>

#include "report/checks.hpp"
#include "report/fleet_checks.hpp"

namespace renewd::report {
namespace {

using std::chrono::seconds;
using Days = std::chrono::duration<double, std::chrono::days::period>;

constexpr double kCriticalDays = 7;
constexpr double kUsualWindowDays = 30;  // of an unreadable certificate

Threshold warning_threshold(const CertificateStatus& standing, const Thresholds& thresholds) {
  if (thresholds.warning) {
    return *thresholds.warning;
  }
  const double window = standing.outlook
                            ? Days(standing.outlook->certificate.not_after() - standing.outlook->window_opens).count()
                            : kUsualWindowDays;
  return {.start = std::round(window * 100) / 100};  // as the output shows it
}

Threshold critical_threshold(const Threshold& warning, const Thresholds& thresholds) {
  const bool is_early = warning.inside || std::isinf(warning.start) || warning.start > kCriticalDays;
  const double half = warning.start > 0 ? warning.start / 2 : warning.start;
  return thresholds.critical.value_or(Threshold{.start = is_early ? kCriticalDays : half});
}

double days_to_compare(seconds left, const Threshold& warning, const Threshold& critical) {
  const auto is_whole = [](double days) { return std::isinf(days) || std::floor(days) == days; };
  const bool whole =
      is_whole(warning.start) && is_whole(warning.end) && is_whole(critical.start) && is_whole(critical.end);
  const double days = Days(left).count();
  return whole ? std::floor(days) : std::floor(days * 100) / 100;
}

CheckInput check_input(const CertificateStatus& standing, const Threshold& warning, const Threshold& critical,
                       TimePoint now) {
  const Outlook& outlook = *standing.outlook;
  const auto& installed = outlook.certificate;
  const auto& in_use = standing.in_use ? standing.in_use : standing.replaced;
  const bool other = in_use && in_use->fingerprint != installed.fingerprint_sha256();
  const bool in_use_first = other && in_use->not_after < installed.not_after();
  const TimePoint expires = in_use_first ? TimePoint(in_use->not_after) : TimePoint(installed.not_after());
  const auto left = std::chrono::floor<seconds>(expires - now);
  // No plan replaces a keystore that somebody else installed and the gateway does not use.
  auto next = in_use_first && !standing.activation_pending() ? std::nullopt : planned(standing, now);
  return {.standing = standing,
          .outlook = outlook,
          .now = now,
          .window_is_open = now >= outlook.window_opens,
          .other_is_in_use = other,
          .in_use_expires_first = in_use_first,
          .left = left,
          .days = outlook.clock_is_doubtful() ? std::nullopt : std::optional(days_to_compare(left, warning, critical)),
          .planned = std::move(next),
          .warning = warning,
          .critical = critical};
}

// Warns once what is planned should have happened. Whole days, so that a monitoring system
// that compares the days with this threshold gets the same result.
Threshold warning_while_planned(const CheckInput& facts) {
  const auto left = std::chrono::floor<seconds>(facts.left - (facts.planned->until - facts.now));
  return {.start = std::max(facts.critical.start, std::min(facts.warning.start, std::floor(Days(left).count())))};
}

std::string advice_on_expiry(const CertificateStatus& standing, FindingKind kind) {
  if (standing.renew == configuration::RenewMode::never) {
    return "renew it yourself: the daemon does not (renew: never)";
  }
  if (standing.activation_pending()) {
    return "wait while the daemon activates the gateway; if that does not help, run gravitee-renewd activate " +
           standing.name;
  }
  return (kind == FindingKind::expired ? "if this host's clock is right (timedatectl), run gravitee-renewd renew "
                                       : "to renew it now, run gravitee-renewd renew ") +
         standing.name;
}

// An expiring certificate has no advice of its own, because another finding usually names the cause.
void add_expiry_advice(std::vector<Finding>& findings, const CertificateStatus& standing) {
  const bool advised = std::any_of(findings.begin(), findings.end(), [](const Finding& finding) {
    return finding.severity != Severity::ok && !finding.advice.empty();
  });
  Finding& worst = findings.front();
  // The daemon needs no help with a warning, unless it only watches.
  const bool needs_help = worst.severity == Severity::critical ||
                          (worst.severity == Severity::warning && standing.renew == configuration::RenewMode::never);
  if (needs_help && worst.advice.empty() && !advised) {
    worst.advice = advice_on_expiry(standing, worst.kind);
  }
}

// Clients are refused now, or will be when the gateway starts.
bool is_outage(const Finding& finding) {
  return finding.severity == Severity::critical &&
         (finding.kind == FindingKind::expired || finding.kind == FindingKind::gateway_down);
}

// By severity, an outage first; otherwise in the order of the checks.
std::vector<Finding> by_urgency(const std::vector<Finding>& findings) {
  std::vector<Finding> sorted;
  for (const Severity severity : {Severity::critical, Severity::warning, Severity::ok}) {
    for (const bool outage : {true, false}) {
      std::copy_if(findings.begin(), findings.end(), std::back_inserter(sorted), [&](const Finding& finding) {
        return finding.severity == severity && is_outage(finding) == outage;
      });
    }
  }
  return sorted;
}

// An unreadable certificate may have expired, too.
bool is_outage(const Assessment& assessment) {
  return (assessment.left && *assessment.left <= seconds(0)) || is_outage(assessment.findings.front());
}

}  // namespace

bool Assessment::has(FindingKind kind) const {
  return std::any_of(findings.begin(), findings.end(), [kind](const Finding& finding) { return finding.kind == kind; });
}

std::string Assessment::message() const {
  std::string text;
  for (const Finding& finding : findings) {
    text += (text.empty() ? "" : ", ") + finding.message;
  }
  return text;
}

std::string Assessment::advice() const {
  const auto first =
      std::find_if(findings.begin(), findings.end(), [](const Finding& finding) { return !finding.advice.empty(); });
  return first == findings.end() ? "" : first->advice;
}

Assessment assess(const CertificateStatus& standing, const Thresholds& thresholds, TimePoint now) {
  Assessment assessment;
  assessment.warning = warning_threshold(standing, thresholds);
  assessment.critical = critical_threshold(assessment.warning, thresholds);
  if (!standing.outlook) {
    if (const auto expires = standing.known_not_after()) {
      assessment.left = std::chrono::floor<seconds>(TimePoint(*expires) - now);
      assessment.days = days_to_compare(*assessment.left, assessment.warning, assessment.critical);
    }
    auto findings = findings_of_unreadable(standing, assessment.left);
    add_fleet_findings(standing, now, findings);
    assessment.findings = by_urgency(findings);
    return assessment;
  }
  CheckInput facts = check_input(standing, assessment.warning, assessment.critical, now);
  if (facts.planned && facts.days && facts.warning.alerts(*facts.days) && !thresholds.warning) {
    facts.warning = warning_while_planned(facts);
  }
  assessment.warning = facts.warning;
  assessment.planned = facts.planned ? facts.planned->text : "";
  assessment.days = facts.days;
  if (facts.days) {
    assessment.left = facts.left;
  }
  auto findings = run_checks(facts);
  add_fleet_findings(standing, now, findings);
  assessment.findings = by_urgency(findings);
  add_expiry_advice(assessment.findings, standing);
  return assessment;
}

bool is_more_urgent(const Assessed& a, const Assessed& b) {
  const auto alerts = [](const Assessed& one) {
    return std::pair(one.assessment.severity(), is_outage(one.assessment));
  };
  return std::tuple(alerts(b), a.assessment.days, std::string_view(a.standing->name)) <
         std::tuple(alerts(a), b.assessment.days, std::string_view(b.standing->name));
}

std::vector<Assessed> assess_all(const std::map<std::string, CertificateStatus>& standings, TimePoint now) {
  std::vector<Assessed> all;
  all.reserve(standings.size());
  for (const auto& [name, standing] : standings) {
    all.push_back({&standing, assess(standing, {}, now)});
  }
  std::sort(all.begin(), all.end(), is_more_urgent);
  return all;
}

}  // namespace renewd::report
