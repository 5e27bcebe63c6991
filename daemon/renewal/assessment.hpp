// The one judgement of a certificate: `check`, `status`, the page and STATUS= show it, and judge nothing themselves.
// Pure: what is known of a certificate, and the time, to findings.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/clock.hpp"
#include "renewal/finding.hpp"
#include "renewal/standing.hpp"
#include "renewal/threshold.hpp"

namespace renewd::renewal {

// For the days until expiry; nothing: what follows from the configuration.
struct Thresholds {
  std::optional<Threshold> warning = std::nullopt;   // else the renewal window
  std::optional<Threshold> critical = std::nullopt;  // else 7, or half of the warning where that is no more than 7
};

// Failures in a row from which on a failing renewal is critical: the first ones wake nobody, since the window leaves
// weeks. docs/status.md has the same rule.
inline constexpr unsigned kFailuresThatPass = 8;   // of classes that may pass by themselves
inline constexpr unsigned kFailuresToBeFixed = 2;  // of those that an operator must fix, and of the gateway

struct Assessment {
  std::vector<Finding> findings;  // never empty; the worst first
  // Until the installed certificate expires or, where it is another and expires earlier, the one in use; negative
  // after that. Nothing for a keystore that cannot be read, or by a doubtful clock.
  std::optional<std::chrono::seconds> left;
  // The same, rounded down: to whole days where the thresholds are whole, else to 1/100, so that whoever holds this
  // number against them comes to what was judged.
  std::optional<double> days;
  // The thresholds that were used.
  Threshold warning;
  Threshold critical;

  Severity severity() const { return findings.front().severity; }
  // All messages, the worst first: "renewal failed 2 times in a row (tls), 29 days left, inside the renewal window".
  std::string message() const;
  // The first thing to do; empty where nothing is.
  std::string advice() const;
};

Assessment assess(const Standing& standing, const Thresholds& thresholds, TimePoint now);

struct Assessed {
  const Standing* standing;
  Assessment assessment;
};
// Whether `a` needs a look before `b`: it is worse or, if not, it expires first; what cannot be read counts no days.
bool is_more_urgent(const Assessed& a, const Assessed& b);

}  // namespace renewd::renewal
