#include "gateway/log_matcher.hpp"

#include <fmt/format.h>

#include "core/text.hpp"

namespace renewd::gateway {

void LogMatcher::add(std::string_view line, TimePoint now) {
  if (failed_ && failed_->found_in(line)) {
    failed_line_ = line;
    failed_since_ = failed_since_.value_or(now);
  } else if (ready_ && ready_->found_in(line)) {
    ready_line_ = line;
    failed_since_.reset();
  }
}

Result<CheckResult> LogMatcher::result(TimePoint now, std::string_view log) const {
  const auto quoted = [&](std::string_view line) { return fmt::format("{}: {}", log, printable(redacted_(line))); };
  if (failed_since_ && (!ready_ || now - *failed_since_ >= kSecondChance)) {
    return failure(ErrorKind::gateway, "verifying the gateway: " + quoted(failed_line_));
  }
  if (failed_since_) {
    return CheckResult{Verdict::not_yet, quoted(failed_line_)};
  }
  if (!ready_) {
    return CheckResult{Verdict::passed, fmt::format("{}: no line matches {}", log, printable(failed_->text()))};
  }
  if (ready_line_.empty()) {
    return CheckResult{Verdict::not_yet, fmt::format("{}: no line matches {} yet", log, printable(ready_->text()))};
  }
  return CheckResult{Verdict::passed, quoted(ready_line_)};
}

}  // namespace renewd::gateway
