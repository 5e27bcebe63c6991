#include "monitoring/page_text.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "core/text.hpp"

namespace renewd::monitoring {

using report::CertificateStatus;

namespace {

constexpr std::size_t kShownRenewals = 5;

// Among equally severe findings, a cause says more than `expiring`.
std::string_view state_of(const report::Assessment& assessment) {
  const auto& findings = assessment.findings;
  const auto cause = std::find_if(findings.begin(), findings.end(), [&assessment](const auto& finding) {
    return finding.severity == assessment.severity() && finding.kind != report::FindingKind::expiring;
  });
  return label(cause == findings.end() ? findings.front().kind : cause->kind);
}

std::string next_of(const CertificateStatus& standing, TimePoint now) {
  if (!standing.outlook) {
    return "The daemon checks the keystore again every minute, and as soon as the file changes.";
  }
  const auto& step = standing.outlook->step;
  const bool renews = standing.renew == configuration::RenewMode::automatic;
  if (standing.outlook->clock_is_doubtful()) {
    return step.message;
  }
  std::string next = step.message;
  if (renews && step.at > now) {
    next += fmt::format("; next step in {}", format_duration(std::chrono::ceil<std::chrono::seconds>(step.at - now)));
  }
  return next + ".";
}

std::string describe_certificate(const std::string& serial, std::chrono::sys_seconds from,
                                 std::chrono::sys_seconds to) {
  return fmt::format("serial {}, valid from {} until {}", serial, format_time(from), format_time(to));
}

std::string describe_in_use(const CertificateStatus& standing) {
  if (!standing.in_use) {
    return "unknown: the daemon has not restarted the gateway yet";
  }
  const auto& used = *standing.in_use;
  return standing.installed_is_in_use() ? "the installed certificate"
                                        : describe_certificate(used.serial, used.not_before, used.not_after);
}

std::string describe_past(const CertificateStatus& standing) {
  std::string words;
  const std::size_t shown = std::min(standing.history.size(), kShownRenewals);
  for (std::size_t i = 0; i < shown; ++i) {
    const auto& past = standing.history[standing.history.size() - 1 - i];
    std::string outcome = past.outcome;
    std::replace(outcome.begin(), outcome.end(), '_', ' ');
    words += fmt::format("{}{} {}", words.empty() ? "" : "; ", outcome, format_time(past.ended));
  }
  return words;
}

}  // namespace

std::string without_secrets(std::string text, const std::vector<std::string>& hidden) {
  constexpr std::string_view kReplacement = "(a secret's file)";
  for (const auto& word : hidden) {
    for (auto at = text.find(word); !word.empty() && at != std::string::npos; at = text.find(word, at)) {
      text.replace(at, word.size(), kReplacement);
      at += kReplacement.size();
    }
  }
  return text;
}

PageText page_text(const CertificateStatus& standing, report::Assessment assessment, TimePoint now) {
  PageText text;
  text.assessment = std::move(assessment);
  text.state = state_of(text.assessment);
  text.next = next_of(standing, now);
  if (standing.outlook) {
    const auto& certificate = standing.outlook->certificate;
    text.facts.emplace_back(
        "Installed", describe_certificate(certificate.serial(), certificate.not_before(), certificate.not_after()));
  }
  if (const auto known = standing.known_not_after(); known && !standing.outlook) {
    text.facts.emplace_back("Last known expiry", format_time(*known));
  }
  text.facts.emplace_back("In use", describe_in_use(standing));
  if (standing.outlook && standing.outlook->maintenance_window) {
    text.facts.emplace_back("Next maintenance window", fmt::format("{}, at {}", *standing.outlook->maintenance_window,
                                                                   format_time(standing.outlook->step.at)));
  }
  // An error that a newer keystore has outlived is no longer of interest.
  const auto& attempts = standing.attempts;
  if (text.assessment.has(report::FindingKind::renewal_failing)) {
    const auto at = [](TimePoint time) { return time == TimePoint() ? "at an unknown time" : format_time(time); };
    text.facts.emplace_back("Failing since", at(attempts.failing_since));
    text.facts.emplace_back("Last error",
                            fmt::format("{}: {} ({}, {} in a row)", at(attempts.failed_at), attempts.last_message,
                                        attempts.last_failure, attempts.failures_in_a_row));
  }
  if (!standing.history.empty()) {
    text.facts.emplace_back("Past renewals", describe_past(standing));
  }
  text.facts.emplace_back("Last check", format_time(standing.looked_at));
  return text;
}

}  // namespace renewd::monitoring
