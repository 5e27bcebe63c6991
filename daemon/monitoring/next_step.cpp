#include "monitoring/next_step.hpp"

#include <chrono>
#include <string_view>

#include <fmt/format.h>

#include "core/text.hpp"

namespace renewd::monitoring {
namespace {

using report::CertificateStatus;
using state::Phase;

std::string_view action_at_gateway(Phase phase) {
  switch (phase) {
    case Phase::rolling_back:
      return "restores the previous keystore";
    case Phase::activated:
    case Phase::verified:
      return "verifies that the gateway uses the installed certificate";
    case Phase::requested:
    case Phase::answered:
    case Phase::accepted:
    case Phase::installed:
      break;
  }
  return "makes the gateway use the installed certificate";
}

// The daemon …
std::string_view action_of(const CertificateStatus& standing) {
  if (standing.activation_pending()) {
    return action_at_gateway(standing.unfinished->phase);
  }
  const bool is_answered =
      standing.answer_is_stored || (standing.unfinished && standing.unfinished->waits_for_installation());
  if (is_answered) {
    return "installs the renewed certificate";
  }
  const bool other_in_use = standing.in_use && !standing.installed_is_in_use();
  return other_in_use ? "renews the installed certificate" : "renews the certificate";
}

std::string now_sentence(const CertificateStatus& standing) {
  if (standing.outlook->step.act == renewal::Act::obtain) {
    return "The daemon requests a certificate now, and installs it when `activate_windows` allow it.";
  }
  return fmt::format("The daemon {} now.", action_of(standing));
}

// Why not now, and not earlier.
std::string reason_of(const CertificateStatus& standing, TimePoint now) {
  const report::Outlook& outlook = *standing.outlook;
  const auto& window = outlook.maintenance_window;
  switch (outlook.step.reason) {
    case renewal::Reason::not_due: {
      const std::string opens =
          fmt::format("the renewal window {} at {} UTC", outlook.window_opens > now ? "opens" : "opened",
                      format_minute(outlook.window_opens));
      return window ? opens + ", the maintenance window is " + *window : opens;
    }
    case renewal::Reason::splay:
      return "the renewal window is open, and then it is this host's turn";
    case renewal::Reason::maintenance_window:
      return window ? "the maintenance window is " + *window
                    : "no maintenance window opens before, and then they are ignored (`override_windows_before`)";
    case renewal::Reason::retry:
      return standing.attempts.after_success ? "the last renewal was completed only recently"
                                             : "an earlier attempt was interrupted";
    case renewal::Reason::request_cap:
      return "the daily limit of requests is reached (`schedule.requests_per_day`)";
    case renewal::Reason::fleet:
      return outlook.step.message;
    case renewal::Reason::window_open:
    case renewal::Reason::windows_overridden:
    case renewal::Reason::expired:
    case renewal::Reason::not_yet_valid:
    case renewal::Reason::never:
    case renewal::Reason::unfinished:
      break;
  }
  return "";
}

std::string later_sentence(const CertificateStatus& standing, TimePoint now) {
  const renewal::Step& step = standing.outlook->step;
  const std::string when = fmt::format("at {} UTC, in {}", format_minute(step.at),
                                       format_duration(std::chrono::ceil<std::chrono::seconds>(step.at - now)));
  if (step.reason == renewal::Reason::retry && standing.attempts.failures_in_a_row != 0) {
    return fmt::format("The daemon tries again {}: it {}.", when, action_of(standing));
  }
  const std::string reason = reason_of(standing, now);
  return fmt::format("The daemon {} {}{}{}.", action_of(standing), when, reason.empty() ? "" : "; ", reason);
}

}  // namespace

std::string next_step(const CertificateStatus& standing, TimePoint now) {
  if (!standing.outlook) {
    return "The daemon checks the keystore again every minute, and as soon as the file changes.";
  }
  if (standing.outlook->clock_is_doubtful()) {
    return "Nothing, until this host's clock is right.";
  }
  if (standing.renew == configuration::RenewMode::never) {
    return "The daemon only watches this certificate (`renew: never`).";
  }
  if (standing.state_problem) {
    return "Nothing, until the daemon can write its state.";
  }
  return standing.outlook->step.at > now ? later_sentence(standing, now) : now_sentence(standing);
}

}  // namespace renewd::monitoring
