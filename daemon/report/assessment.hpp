// The one judgement of a certificate, which `check`, `status`, the page and STATUS= only show. Pure.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/clock.hpp"
#include "report/certificate_status.hpp"
#include "report/finding.hpp"
#include "report/threshold.hpp"

namespace renewd::report {

// For the days until expiry. The defaults follow from the configuration.
struct Thresholds {
  std::optional<Threshold> warning = std::nullopt;   // default: the renewal window, or what is planned in it
  std::optional<Threshold> critical = std::nullopt;  // default: 7, or half of a warning of at most 7
};

// After so many failures in a row a failing renewal is critical; before that the window leaves weeks (docs/status.md).
inline constexpr unsigned kTransientFailures = 8;  // of classes that may pass by themselves
inline constexpr unsigned kLastingFailures = 2;    // of those that an operator must fix, and of the gateway

struct Assessment {
  std::vector<Finding> findings;  // never empty; the worst first, and of the critical ones, an outage
  // Until the installed certificate expires, or the one in use if that is earlier; negative after that. For an
  // unreadable keystore what was last known; nothing if the clock is in doubt.
  std::optional<std::chrono::seconds> left;
  // The same, rounded down to whole days if the thresholds are whole, else to 1/100: a monitoring system that compares
  // this number with the thresholds gets the same result.
  std::optional<double> days;
  // What will be done about it in time: "renewal on 2026-11-25 02:12 UTC"; may be empty.
  std::string planned;
  // The thresholds that were used. The default for a warning is lower while a renewal is planned inside its window.
  Threshold warning;
  Threshold critical;

  bool has(FindingKind kind) const;
  Severity severity() const { return findings.front().severity; }
  // All messages, the worst first: "renewal failed 2 times in a row (tls), 29 days left, inside the renewal window".
  std::string message() const;
  // The first thing to do; may be empty.
  std::string advice() const;
};

Assessment assess(const CertificateStatus& standing, const Thresholds& thresholds, TimePoint now);

struct Assessed {
  const CertificateStatus* standing;
  Assessment assessment;
};
// Whether `a` comes before `b`: it is worse; or, if they are equal, it has expired or its gateway is down; or it
// expires first (first of all if it is unreadable).
bool is_more_urgent(const Assessed& a, const Assessed& b);
// All of them, the most urgent first. They refer to `standings`.
std::vector<Assessed> assess_all(const std::map<std::string, CertificateStatus>& standings, TimePoint now);

}  // namespace renewd::report
