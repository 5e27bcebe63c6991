#include "commands/plan_text.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "commands/failures.hpp"
#include "commands/layout.hpp"
#include "commands/life_bar.hpp"
#include "core/text.hpp"
#include "report/assessment.hpp"

namespace renewd::commands {
namespace {

using renewal::Act;
using report::CertificateStatus;
using report::Outlook;

constexpr std::size_t kIndent = 2;
constexpr std::size_t kTitles = 11;
constexpr std::size_t kLongestBar = 62;

std::string action(const Outlook& outlook, TimePoint now) {
  if (outlook.step.reason == renewal::Reason::never) {
    return "nothing: it is only watched";
  }
  switch (outlook.step.act) {
    case Act::wait:
      if (outlook.clock_is_doubtful()) {
        return "waits until the clock is right, and checks again as soon as it is set";
      }
      return "waits until " + format_time(outlook.step.at) + " (in " +
             format_duration(std::chrono::ceil<std::chrono::seconds>(outlook.step.at - now)) + ")";
    case Act::renew:
      return "renews now";
    case Act::obtain:
      return "requests a certificate now, and installs it when activate_windows allow it";
    case Act::deploy:
      return "resumes the unfinished renewal now";
  }
  return "";
}

// "2026-10-01 [==|----~~] 2027-10-01", as wide as the screen allows.
std::string timeline(const Outlook& outlook, TimePoint now, const Screen& screen) {
  const Lifetime life{outlook.certificate.not_before(), outlook.window_opens, outlook.certificate.not_after()};
  const std::string begins = format_day(life.begins);
  const std::string ends = format_day(life.ends);
  const std::size_t used = kIndent + kTitles + begins.size() + 1 + 1 + ends.size();
  const std::size_t width = screen.width > used + 5 ? std::min(screen.width - used, kLongestBar) : 5;
  return fmt::format("{} {} {}", begins, life_bar(life, now, width, screen), ends);
}

}  // namespace

std::string_view to_string(Act act) {
  switch (act) {
    case Act::wait:
      return "wait";
    case Act::renew:
      return "renew";
    case Act::obtain:
      return "obtain";
    case Act::deploy:
      return "go_on";
  }
  return "unknown";
}

std::string plan_text(const CertificateStatus& standing, const configuration::ScheduleSettings& schedule,
                      const RenewalDetails& details, const Screen& screen) {
  const TimePoint now = standing.looked_at;
  const auto& outlook = standing.outlook;
  std::string text = standing.name + "\n";
  const auto row = [&](std::string_view name, std::string_view value) {
    text += labelled(name, value, kIndent, kTitles, screen, LongWords::whole);
  };
  row("keystore", standing.keystore.string());
  if (!outlook) {
    row("unreadable", outlook.error().message);
    row("next", "checks again every minute, and when the file changes");
    return text;
  }
  const auto left = std::chrono::floor<std::chrono::seconds>(outlook->certificate.not_after() - now);
  // Always fits: do not wrap it.
  text += std::string(kIndent, ' ') + padded("life", kTitles) + timeline(*outlook, now, screen) + "\n";
  row("left", outlook->clock_is_doubtful() ? "not valid yet"
              : left.count() > 0           ? format_duration(left)
                                           : "expired " + format_duration(-left) + " ago");
  if (standing.renew != configuration::RenewMode::never) {
    row("window", fmt::format("opens at {}; the splay of this host is {}", format_time(outlook->window_opens),
                              format_duration(outlook->splay)));
  }
  if (!details.windows.empty()) {
    row("allowed", details.windows);
  }
  row("next", action(*outlook, now));
  row("why", outlook->step.message);
  row("check", "by " + format_time(outlook->next_look) + " at the latest");
  const report::Assessment assessment = report::assess(standing, {}, now);
  for (const auto& finding : assessment.findings) {
    if (finding.kind == report::FindingKind::longer_lasting_stored) {
      row("stored", finding.message + "; " + finding.advice);
    }
  }
  if (assessment.has(report::FindingKind::renewal_failing)) {
    row("failing",
        fmt::format("{} in a row; last error: {}", standing.attempts.failures_in_a_row, last_error(standing.attempts)));
  }
  if (standing.renew != configuration::RenewMode::never) {
    row("request", fmt::format("POST {} ({} of {} daily requests used)", details.url, standing.requests.size(),
                               schedule.requests_per_day));
    row("gateway", details.gateway);
  }
  return text;
}

}  // namespace renewd::commands
