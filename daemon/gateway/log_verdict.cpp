#include "gateway/log_verdict.hpp"

#include <fmt/format.h>

#include "core/text.hpp"

namespace renewd::gateway {

void LogVerdict::add(std::string_view line, TimePoint now) {
  if (failed_ && failed_->found_in(line)) {
    failed_line_ = line;
    failed_since_ = failed_since_.value_or(now);
  } else if (ready_ && ready_->found_in(line)) {
    ready_line_ = line;
    failed_since_.reset();
  }
}

Result<Watch::Look> LogVerdict::at(TimePoint now, std::string_view log) const {
  using Verdict = Watch::Verdict;
  const auto says = [&](std::string_view line) { return fmt::format("{} says: {}", log, printable(redacted_(line))); };
  if (failed_since_ && (!ready_ || now - *failed_since_ >= kSecondChance)) {
    return failure(ErrorKind::gateway, "verifying the gateway: " + says(failed_line_));
  }
  if (failed_since_) {
    return Watch::Look{Verdict::not_yet, says(failed_line_)};
  }
  if (!ready_) {
    return Watch::Look{Verdict::passed, fmt::format("{} has no line that matches {}", log, printable(failed_->text()))};
  }
  if (ready_line_.empty()) {
    return Watch::Look{Verdict::not_yet,
                       fmt::format("{} has no line yet that matches {}", log, printable(ready_->text()))};
  }
  return Watch::Look{Verdict::passed, says(ready_line_)};
}

}  // namespace renewd::gateway
