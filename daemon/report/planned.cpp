#include "report/planned.hpp"

#include <fmt/format.h>

#include "core/text.hpp"

namespace renewd::report {
namespace {

using renewal::Unfinished;

std::string text_of_wait(const Outlook& outlook, Unfinished stage) {
  return fmt::format(
      "{} on {} UTC{}", stage == Unfinished::answered ? "activation" : "renewal", format_minute(outlook.step.at),
      outlook.maintenance_window ? fmt::format(" (maintenance window {})", *outlook.maintenance_window) : "");
}

std::string text_of_work(const CertificateStatus& standing, Unfinished stage) {
  if (stage == Unfinished::installed) {
    return "activation under way";
  }
  return standing.unfinished ? "renewal under way" : "renewal due now";
}

}  // namespace

std::optional<Planned> planned(const CertificateStatus& standing, TimePoint now) {
  const Outlook& outlook = *standing.outlook;
  const bool failed = standing.attempts.failures_in_a_row != 0 && (now >= outlook.window_opens || standing.unfinished);
  if (standing.renew == configuration::RenewMode::never || standing.run_problem || failed ||
      outlook.clock_is_doubtful()) {
    return std::nullopt;
  }
  const auto stage = renewal::stage_of(standing.unfinished, standing.answer_is_stored);
  if (!outlook.due_since) {
    const bool is_known = stage != Unfinished::installed && outlook.step.at > now;
    return is_known ? std::optional(Planned{text_of_wait(outlook, stage), outlook.step.at}) : std::nullopt;
  }
  const bool is_rolling_back = standing.unfinished && standing.unfinished->phase == state::Phase::rolling_back;
  return now < *outlook.overdue_at && !is_rolling_back && !standing.state_problem
             ? std::optional(Planned{text_of_work(standing, stage), *outlook.overdue_at})
             : std::nullopt;
}

}  // namespace renewd::report
