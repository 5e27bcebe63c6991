// How well a certificate stands: what `check` reports and `status` colours. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "commands/threshold.hpp"
#include "core/clock.hpp"
#include "renewal/standing.hpp"

namespace renewd::commands {

enum class Severity { ok, warning, critical };
// "OK", "WARNING", "CRITICAL"
std::string_view to_string(Severity severity);

// For the days until expiry; nothing: what follows from the configuration.
struct Thresholds {
  std::optional<Threshold> warning = std::nullopt;   // else the renewal window
  std::optional<Threshold> critical = std::nullopt;  // else 7, or half of the warning where that is no more than 7
};

struct Verdict {
  Severity severity;
  std::string text;    // for people: "29 days left, inside the renewal window"
  std::string advice;  // what a person can do; empty where nothing is to be done
  // Left, rounded down: to whole days where the thresholds are whole, else to 1/100, so that whoever holds this number
  // against them comes to what was judged. Nothing for a keystore that cannot be read, or by a doubtful
  // clock.
  std::optional<double> days;
  // The thresholds that were used.
  Threshold warning;
  Threshold critical;
};

// Failures in a row from which on a failing renewal is critical: the first ones wake nobody, since the window leaves
// weeks. docs/status.md has the same rule.
inline constexpr unsigned kFailuresThatPass = 8;    // of classes that may pass by themselves
inline constexpr unsigned kFailuresToBeMended = 2;  // of those that a person must mend, and of the gateway

// What counts is the certificate that expires first: the installed one or, where it is another, the one in use.
Verdict judge(const renewal::Standing& standing, const Thresholds& thresholds, TimePoint now);

}  // namespace renewd::commands
