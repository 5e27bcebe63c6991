#include <algorithm>
#include <cmath>
#include <cstdint>

#include <boost/json.hpp>

#include "commands/plan_text.hpp"
#include "commands/status.hpp"
#include "core/json_text.hpp"
#include "core/text.hpp"
#include "report/assessment.hpp"

namespace renewd::commands {
namespace {

namespace json = boost::json;
using report::CertificateStatus;

std::string json_name(report::Severity severity) {
  return lower_case(to_string(severity));
}

json::value message_or_null(const std::optional<Problem>& problem) {
  return problem ? json::value(problem->message) : json::value(nullptr);
}

json::array findings_json(const report::Assessment& assessment) {
  json::array findings;
  for (const auto& finding : assessment.findings) {
    findings.push_back(json::object{{"kind", to_string(finding.kind)},
                                    {"severity", json_name(finding.severity)},
                                    {"message", finding.message},
                                    {"advice", finding.advice}});
  }
  return findings;
}

// Every member is always present; null if it has no value.
void add_outlook(json::object& object, const CertificateStatus& standing) {
  const auto& outlook = standing.outlook;
  const auto member = [&](const char* name, auto&& value) {
    object[name] = outlook ? json::value(value(*outlook)) : json::value(nullptr);
  };
  using report::Outlook;
  member("serial", [](const Outlook& o) { return o.certificate.serial(); });
  member("sha256_fingerprint", [](const Outlook& o) { return o.certificate.fingerprint_sha256(); });
  member("not_before", [](const Outlook& o) { return format_time(o.certificate.not_before()); });
  member("not_after", [](const Outlook& o) { return format_time(o.certificate.not_after()); });
  member("window_opens", [](const Outlook& o) { return format_time(o.window_opens); });
  member("action", [](const Outlook& o) { return to_string(o.step.act); });
  member("reason", [](const Outlook& o) { return renewal::to_string(o.step.reason); });
  member("next", [](const Outlook& o) { return o.step.message; });
  object["maintenance_window"] = outlook ? json::value_from(outlook->maintenance_window) : json::value(nullptr);
  // Something that is due has no fixed time: `step.at` would differ with each run.
  const bool waits = standing.outlook && standing.outlook->step.act == renewal::Act::wait &&
                     standing.renew != configuration::RenewMode::never && !standing.outlook->clock_is_doubtful();
  object["next_attempt"] = waits ? json::value(format_time(standing.outlook->step.at)) : json::value(nullptr);
}

json::value in_use_object(const CertificateStatus& standing) {
  if (!standing.in_use) {
    return nullptr;
  }
  const auto& record = *standing.in_use;
  return json::object{{"serial", record.serial},
                      {"sha256_fingerprint", record.fingerprint},
                      {"not_before", format_time(record.not_before)},
                      {"not_after", format_time(record.not_after)},
                      {"is_the_installed_one", standing.installed_is_in_use()}};
}

void add_unfinished(json::object& object, const CertificateStatus& standing) {
  object["phase"] = nullptr;
  object["phase_since"] = nullptr;
  object["activation_pending"] = standing.activation_pending();
  if (!standing.unfinished) {
    return;
  }
  const auto& entry = *standing.unfinished;
  object["phase"] = state::to_string(entry.phase);
  if (const auto since = entry.reached_at(entry.phase)) {
    object["phase_since"] = format_time(*since);
  }
}

json::value time_or_null(TimePoint time) {
  return time == TimePoint() ? json::value(nullptr) : json::value(format_time(time));
}

void add_past(json::object& object, const CertificateStatus& standing) {
  const auto* const success = standing.last_success();
  object["last_success"] = success == nullptr ? json::value(nullptr) : json::value(format_time(success->ended));
  const auto& attempts = standing.attempts;
  object["failures_in_a_row"] = attempts.failures_in_a_row;
  object["last_failure"] = attempts.failures_in_a_row == 0
                               ? json::value(nullptr)
                               : json::value(json::object{{"class", attempts.last_failure},
                                                          {"message", attempts.last_message},
                                                          {"at", time_or_null(attempts.failed_at)}});
  object["failing_since"] = time_or_null(attempts.failing_since);
  object["requests_of_the_last_day"] = standing.requests.size();
}

std::int64_t whole_days(double days) {
  return static_cast<std::int64_t>(std::floor(days));
}

json::value fleet_json(const report::FleetStatus& fleet) {
  return json::object{
      {"reachable", fleet.unreachable.empty()},
      {"unreachable", fleet.unreachable.empty() ? json::value(nullptr) : json::value(fleet.unreachable)},
      {"unreachable_since", time_or_null(fleet.unreachable_since)},
      {"generation", fleet.generation},
      {"newest_not_after",
       fleet.newest_not_after ? json::value(format_time(*fleet.newest_not_after)) : json::value(nullptr)},
      {"hosts", fleet.hosts},
      {"hosts_in_use_of_newest", fleet.hosts_in_use_of_newest},
      {"leading", fleet.leading},
      {"waiting", fleet.waiting},
      {"behind_since", time_or_null(fleet.behind_since.value_or(TimePoint()))},
      {"halted", fleet.halt ? json::value(json::object{{"reason", fleet.halt->reason},
                                                       {"member", fleet.halt->member},
                                                       {"at", format_time(fleet.halt->at)}})
                            : json::value(nullptr)},
      {"state", fleet.state},
      {"sentence", fleet.sentence}};
}

json::object certificate_json(const CertificateStatus& standing, const report::Assessment& assessment) {
  json::object object{
      {"name", standing.name},
      {"keystore", standing.keystore.string()},
      {"renew", standing.renew == configuration::RenewMode::never ? "never" : "auto"},
      {"severity", json_name(assessment.severity())},
      {"state", json_name(assessment.severity())},  // the name in the first version
      {"message", assessment.message()},
      {"advice", assessment.advice()},
      {"findings", findings_json(assessment)},
      {"readable", standing.outlook.has_value()},
      {"days_left", assessment.days ? json::value(whole_days(*assessment.days)) : json::value(nullptr)}};
  add_outlook(object, standing);
  object["in_use"] = in_use_object(standing);
  add_unfinished(object, standing);
  add_past(object, standing);
  object["token_problem"] = message_or_null(standing.token_problem);
  object["token_not_after"] =
      standing.token_not_after ? json::value(format_time(*standing.token_not_after)) : json::value(nullptr);
  object["replacement_problem"] = message_or_null(standing.replacement_problem);
  object["state_problem"] = message_or_null(standing.state_problem);
  object["activation_problem"] = message_or_null(standing.activation_problem);
  object["gateway_state"] =
      standing.gateway ? json::value(gateway::to_string(standing.gateway->health)) : json::value(nullptr);
  object["fleet"] = standing.fleet ? fleet_json(*standing.fleet) : json::value(nullptr);
  return object;
}

}  // namespace

std::string status_json(const Overview& overview, const std::filesystem::path& state_directory, TimePoint now) {
  json::array certificates;
  auto worst = report::Severity::ok;
  for (const CertificateStatus& standing : overview.standings) {
    const auto assessment = report::assess(standing, {}, now);
    worst = std::max(worst, assessment.severity());
    certificates.push_back(certificate_json(standing, assessment));
  }
  const json::object object{{"state_directory", state_directory.string()},
                            {"daemon", json::value_from(overview.daemon)},
                            {"severity", json_name(worst)},
                            {"certificates", std::move(certificates)}};
  return json_text(object);
}

}  // namespace renewd::commands
