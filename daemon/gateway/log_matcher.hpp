// Decides by the lines of a log whether a gateway is healthy.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "core/pattern.hpp"
#include "core/redaction.hpp"
#include "gateway/probe.hpp"

namespace renewd::gateway {

// How long after a `failed` line a `ready` line still counts: a gateway that fails to connect tries again.
inline constexpr std::chrono::seconds kSecondChance{10};

class LogMatcher {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // At least one of `ready` and `failed`. With `failed` alone, the gateway is healthy until such a line. Messages quote
  // lines without what `redacted` hides.
  LogMatcher(std::optional<Pattern> ready, std::optional<Pattern> failed, Redaction redacted = {})
      : ready_(std::move(ready)), failed_(std::move(failed)), redacted_(std::move(redacted)) {}

  // The next line, read at `now`. A line that matches both counts as `failed`.
  void add(std::string_view line, TimePoint now);
  // `log` names it in messages.
  Result<CheckResult> result(TimePoint now, std::string_view log) const;

 private:
  std::optional<Pattern> ready_;
  std::optional<Pattern> failed_;
  Redaction redacted_;
  std::string ready_line_;                 // the newest, raw
  std::string failed_line_;                // the newest, raw
  std::optional<TimePoint> failed_since_;  // the first after ready_line_
};

}  // namespace renewd::gateway
