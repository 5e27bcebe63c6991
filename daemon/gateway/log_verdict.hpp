// What the lines of a log say about a gateway. Knows nothing of where they come from.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "core/pattern.hpp"
#include "core/redaction.hpp"
#include "gateway/probe.hpp"

namespace renewd::gateway {

// How long a line that tells of a failure may be answered by one that tells of readiness: a gateway that cannot connect
// at once tries again.
inline constexpr std::chrono::seconds kSecondChance{10};

class LogVerdict {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // At least one of the two. Only with `failed`, a log is good until there is such a line.
  // `redacted`: what no message may repeat of a line.
  LogVerdict(std::optional<Pattern> ready, std::optional<Pattern> failed, Redaction redacted = {})
      : ready_(std::move(ready)), failed_(std::move(failed)), redacted_(std::move(redacted)) {}

  // The next line, seen at `now`. One that matches both tells of a failure.
  void add(std::string_view line, TimePoint now);
  // `log` names it in messages.
  Result<Watch::Look> at(TimePoint now, std::string_view log) const;

 private:
  std::optional<Pattern> ready_;
  std::optional<Pattern> failed_;
  Redaction redacted_;
  std::string ready_line_;                 // the newest, as it came
  std::string failed_line_;                // the newest, as it came
  std::optional<TimePoint> failed_since_;  // the first after the newest ready one
};

}  // namespace renewd::gateway
