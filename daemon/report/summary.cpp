#include "report/summary.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "core/text.hpp"
#include "report/assessment.hpp"

namespace renewd::report {
namespace {

constexpr std::size_t kShown = 3;
// systemd ignores a message of more than 4096 bytes (PIPE_BUF), which all shown certificates share.
constexpr std::size_t kLongestMessage = 500;

// Nothing while the clock is in doubt: the finding says what the daemon waits for.
std::string what_comes_next(const Outlook& outlook, bool is_planned, TimePoint now) {
  const renewal::Step& step = outlook.step;
  switch (step.act) {
    case renewal::Act::renew:
    case renewal::Act::obtain:
      return ", being renewed";
    case renewal::Act::deploy:
      return ", resuming the renewal";
    case renewal::Act::wait:
      break;
  }
  if (outlook.clock_is_doubtful()) {
    return "";
  }
  if (step.reason == renewal::Reason::not_due || step.reason == renewal::Reason::never) {
    return ", next check at " + format_minute(outlook.next_look) + " UTC";
  }
  if (is_planned) {
    return "";  // the finding has it
  }
  return step.at > now ? ", next attempt at " + format_minute(step.at) + " UTC" : ", retrying now";
}

std::string sentence(const Assessed& assessed, TimePoint now) {
  const auto& [standing, assessment] = assessed;
  const Severity severity = assessment.severity();
  return fmt::format("{}{}: {}{}", standing->name,
                     severity == Severity::ok ? "" : fmt::format(" {}", to_string(severity)),
                     printable(assessment.message(), kLongestMessage),
                     standing->outlook ? what_comes_next(*standing->outlook, !assessment.planned.empty(), now) : "");
}

}  // namespace

std::string summary(const CertificateStatus& standing, TimePoint now) {
  return sentence({&standing, assess(standing, {}, now)}, now);
}

std::string summary(const std::map<std::string, CertificateStatus>& standings, TimePoint now) {
  const std::vector<Assessed> all = assess_all(standings, now);
  const std::size_t shown = std::min(all.size(), kShown);
  std::string text;
  for (std::size_t i = 0; i < shown; ++i) {
    text += (i == 0 ? "" : "; ") + sentence(all[i], now);
  }
  if (all.size() > kShown) {
    text += fmt::format("; and {} more", all.size() - kShown);
  }
  return text;
}

}  // namespace renewd::report
