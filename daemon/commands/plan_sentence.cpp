#include "commands/plan_sentence.hpp"

#include <algorithm>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/text.hpp"
#include "renewal/maintenance_windows.hpp"
#include "renewal/policy.hpp"
#include "renewal/schedule.hpp"

namespace renewd::commands {
namespace {

using configuration::CertificateSettings;
using renewal::Unfinished;
using report::CertificateStatus;
using std::chrono::seconds;
using std::chrono::sys_seconds;

// "the keystore" and "replaced", of a sentence in the passive.
struct Action {
  std::string what;
  std::string done;
  std::string active = {};  // "restarts a", of a gateway
};

// What activating the gateway does. Nothing with `none`.
struct Effect {
  std::vector<Action> operator()(const configuration::NoGateway&) const { return {}; }
  std::vector<Action> operator()(const configuration::SystemdGateway& gateway) const {
    const std::string units = fmt::format("{}", fmt::join(gateway.units, ", "));
    return {{units, "restarted", "restarts " + units}};
  }
  std::vector<Action> operator()(const configuration::CommandGateway& gateway) const {
    return {{gateway.argv.front(), "run", "runs " + gateway.argv.front()}};
  }
  std::vector<Action> operator()(const configuration::SignalGateway& gateway) const {
    const auto* const unit = std::get_if<std::string>(&gateway.target);
    const std::string target =
        unit != nullptr ? *unit : "the process in " + std::get<std::filesystem::path>(gateway.target).string();
    const std::string signal = fmt::format("signal {}", gateway.signal);
    return {{signal, "sent to " + target, "sends " + signal + " to " + target}};
  }
};

std::vector<Action> effect_of(const CertificateSettings& certificate) {
  return std::visit(Effect{}, certificate.gateway.action);
}

// "a would be x, b y, and c z"; without `auxiliary`: "a x, b y, and c z".
std::string in_words(const std::vector<Action>& actions, std::string_view auxiliary) {
  std::string text;
  for (std::size_t i = 0; i < actions.size(); ++i) {
    const bool is_last = i + 1 == actions.size();
    text += i == 0 ? "" : !is_last ? ", " : actions.size() == 2 ? " and " : ", and ";
    text += fmt::format("{}{} {}", actions[i].what, i == 0 ? auxiliary : "", actions[i].done);
  }
  return text;
}

std::string moment(TimePoint at) {
  return format_minute(at) + " UTC";
}

struct Times {
  Unfinished stage;
  bool due;                // for `renew`, now
  TimePoint request;       // now, or the daemon's turn
  TimePoint installation;  // when `activate_windows` allow it, after the request
};

Times times_of(const CertificateStatus& standing, const CertificateSettings& certificate) {
  const auto& outlook = *standing.outlook;
  const TimePoint now = standing.looked_at;
  const renewal::Validity validity{outlook.certificate.not_before(), outlook.certificate.not_after()};
  const auto stage = renewal::stage_of(standing.unfinished, standing.answer_is_stored);
  const auto decision = renewal::decide(validity, certificate, seconds(0), now);
  const bool due = stage != Unfinished::none || decision.due;
  const TimePoint request = due ? now : std::max(outlook.step.at, decision.next);
  const auto installation = renewal::may_activate(validity, certificate, due ? seconds(0) : outlook.splay, request);
  return {stage, due, request, installation.due ? request : installation.next};
}

std::string consequence(const Times& times, const CertificateSettings& certificate) {
  std::vector<Action> actions = effect_of(certificate);
  if (times.stage == Unfinished::installed) {
    return actions.empty() ? "it would be completed" : in_words(actions, " would be") + ", and verified";
  }
  constexpr std::string_view kWouldBe = " would be";
  actions.insert(actions.begin(), {"the keystore", "replaced"});
  const Action request{"a new certificate", "requested"};
  const bool requests = times.stage == Unfinished::none;
  if (times.installation > times.request) {
    const std::string when = fmt::format("at {}, when activate_windows allow it, ", moment(times.installation));
    return requests ? in_words({request}, kWouldBe) + ", and " + when + in_words(actions, "")
                    : when + in_words(actions, kWouldBe);
  }
  if (requests) {
    actions.insert(actions.begin(), request);
  }
  return in_words(actions, kWouldBe);
}

std::string next_window(const renewal::MaintenanceWindows& windows, std::string_view key, seconds splay,
                        TimePoint now) {
  const sys_seconds second = std::chrono::floor<seconds>(now);
  const auto opening = renewal::next_opening(windows, splay, second);
  if (!opening) {
    return windows.empty() ? "" : fmt::format("{}: never open", key);
  }
  if (opening->from <= second) {
    return fmt::format("{}: open until {}", key, format_time(opening->until));
  }
  return fmt::format("{}: next at {} ({})", key, format_time(opening->from),
                     renewal::describe({opening->from, opening->window}));
}

}  // namespace

std::string plan_sentence(const CertificateStatus& standing, const CertificateSettings& certificate) {
  if (!standing.outlook) {
    return "nothing would be done while the keystore is unreadable";
  }
  const auto& outlook = *standing.outlook;
  if (outlook.clock_is_doubtful()) {
    return "nothing would be done: " + outlook.step.message;
  }
  const Times times = times_of(standing, certificate);
  const std::string follows = consequence(times, certificate);
  if (times.stage != Unfinished::none) {
    return "a renewal is under way: " + follows;
  }
  if (times.due) {
    return "due now: " + follows;
  }
  return fmt::format("not due until {}; then {}", moment(times.request), follows);
}

std::string daemon_sentence(const CertificateStatus& standing, const CertificateSettings& certificate,
                            bool daemon_runs) {
  if (!standing.outlook || standing.outlook->clock_is_doubtful()) {
    return "";
  }
  const auto& step = standing.outlook->step;
  const bool waits = step.act == renewal::Act::wait;
  if (daemon_runs) {
    return waits && times_of(standing, certificate).due
               ? fmt::format("the daemon does this at {}: {}", moment(step.at), step.message)
               : "";
  }
  if (standing.run_by == configuration::RunBy::timer) {
    return fmt::format("a timer does this (schedule.run_by): its first run of gravitee-renewd renew {}",
                       times_of(standing, certificate).due ? "from now on" : "after that");
  }
  constexpr std::string_view kStart = "systemctl enable --now gravitee-renewd";
  if (waits) {
    return fmt::format("no daemon is running; once started ({}), it does this at {}", kStart, moment(step.at));
  }
  if (step.act == renewal::Act::obtain) {
    return fmt::format(
        "no daemon is running; {} requests the certificate at once, and does the rest when "
        "activate_windows allow it",
        kStart);
  }
  const auto effect = effect_of(certificate);
  return fmt::format("no daemon is running; {} does this at once{}", kStart,
                     effect.empty() ? "" : ", and so " + effect.front().active);
}

std::string windows_sentence(const CertificateSettings& certificate, seconds splay, TimePoint now) {
  const std::string renew = next_window(certificate.renew_windows, "renew_windows", splay, now);
  const std::string activate = next_window(certificate.activate_windows, "activate_windows", splay, now);
  return renew.empty() || activate.empty() ? renew + activate : renew + "; " + activate;
}

}  // namespace renewd::commands
