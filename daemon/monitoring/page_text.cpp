#include "monitoring/page_text.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/text.hpp"

namespace renewd::monitoring {

using report::CertificateStatus;

namespace {

constexpr std::size_t kShownRenewals = 5;

// Among equally severe findings, a cause says more than the days left.
std::string_view state_of(const report::Assessment& assessment) {
  using report::FindingKind;
  const auto& findings = assessment.findings;
  const auto cause = std::find_if(findings.begin(), findings.end(), [&assessment](const auto& finding) {
    return finding.severity == assessment.severity() && finding.kind != FindingKind::expiring &&
           finding.kind != FindingKind::not_expiring;
  });
  return label(cause == findings.end() ? findings.front().kind : cause->kind);
}

std::string moment(TimePoint time) {
  return format_minute(time) + " UTC";
}

std::string describe_certificate(const std::string& serial, std::chrono::sys_seconds from,
                                 std::chrono::sys_seconds to) {
  return fmt::format("serial {}, valid from {} until {}", serial, moment(from), moment(to));
}

std::string describe_in_use(const CertificateStatus& standing) {
  const auto& used = standing.in_use ? standing.in_use : standing.replaced;
  if (!used) {
    return standing.renew == configuration::RenewMode::never ? "unknown"
                                                             : "unknown: the daemon has not restarted the gateway yet";
  }
  const bool is_installed = standing.outlook && standing.outlook->certificate.fingerprint_sha256() == used->fingerprint;
  return is_installed ? "the installed certificate"
                      : describe_certificate(used->serial, used->not_before, used->not_after);
}

// A line each, the newest first.
std::string describe_past(const CertificateStatus& standing) {
  std::string lines;
  const std::size_t shown = std::min(standing.history.size(), kShownRenewals);
  for (std::size_t i = 0; i < shown; ++i) {
    const auto& past = standing.history[standing.history.size() - 1 - i];
    lines += fmt::format("{}{} {}", lines.empty() ? "" : "\n", in_words(past), moment(past.ended));
  }
  return lines;
}

}  // namespace

std::string without_secrets(std::string text, const std::vector<std::string>& hidden) {
  constexpr std::string_view kReplacement = "SECRET-FILE";
  for (const auto& word : hidden) {
    for (auto at = text.find(word); !word.empty() && at != std::string::npos; at = text.find(word, at)) {
      text.replace(at, word.size(), kReplacement);
      at += kReplacement.size();
    }
  }
  return text;
}

std::string in_words(const state::PastRenewal& past) {
  std::string words = past.outcome;
  std::replace(words.begin(), words.end(), '_', ' ');
  return words;
}

PageText page_text(const CertificateStatus& standing, report::Assessment assessment) {
  PageText text;
  text.state = state_of(assessment);
  text.assessment = std::move(assessment);
  if (standing.outlook) {
    const auto& certificate = standing.outlook->certificate;
    text.facts.emplace_back(
        "Installed", describe_certificate(certificate.serial(), certificate.not_before(), certificate.not_after()));
  } else if (const auto known = standing.known_not_after()) {
    text.facts.emplace_back("Last known expiry", moment(*known));
  }
  text.facts.emplace_back("In use", describe_in_use(standing));
  if (standing.fleet) {
    text.facts.emplace_back("Fleet", state::describe(*standing.fleet));
  }
  if (!standing.history.empty()) {
    text.facts.emplace_back("Past renewals", describe_past(standing));
  }
  text.facts.emplace_back("Last check", moment(standing.looked_at));
  return text;
}

}  // namespace renewd::monitoring
