#include "supervision/announcer.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/text.hpp"
#include "renewal/policy.hpp"
#include "report/finding.hpp"

namespace renewd::supervision {

using certificate::Certificate;
using renewal::Step;
using report::FindingKind;
using report::Severity;

namespace {

bool has_event_of_its_own(FindingKind kind) {
  switch (kind) {
    case FindingKind::keystore_unreadable:
    case FindingKind::clock_in_doubt:
    case FindingKind::expired:
    case FindingKind::expiring:
    case FindingKind::not_expiring:
    case FindingKind::activation_pending:
    case FindingKind::restoration_pending:
    case FindingKind::renewal_failing:
    case FindingKind::older_keystore_installed:
    case FindingKind::token_unusable:
    case FindingKind::token_expires_before_renewal:
    case FindingKind::daemon_not_running:
    case FindingKind::fleet_unreachable:
    case FindingKind::fleet_halted:
    case FindingKind::fleet_conflict:
    case FindingKind::fleet_value_refused:
    case FindingKind::longer_lasting_stored:
      return true;
    case FindingKind::old_certificate_in_use:
    case FindingKind::other_certificate_in_use:
    case FindingKind::gateway_down:
    case FindingKind::state_not_writable:
    case FindingKind::keystore_not_replaceable:
    case FindingKind::gateway_not_restartable:
    case FindingKind::gateway_health_unknown:
    case FindingKind::ca_file_unusable:
    case FindingKind::configuration_not_in_effect:
    case FindingKind::fleet_lagging:
    case FindingKind::fleet_key_differs:
    case FindingKind::fleet_unable:
      return false;
  }
  return false;
}

// No event says that a token, or a value of the fleet, can be used again.
bool end_is_reported(FindingKind kind) {
  return !has_event_of_its_own(kind) || kind == FindingKind::token_unusable ||
         kind == FindingKind::token_expires_before_renewal || kind == FindingKind::fleet_value_refused;
}

}  // namespace

void Announcer::checked(const Certificate& certificate, const Step& step, renewal::Schedule& schedule, TimePoint now) {
  const auto left = std::chrono::floor<std::chrono::seconds>(certificate.not_after() - now);
  Fields fields = renewal::certificate_fields(certificate);
  repetitions_.forget(EventName::certificate_unreadable);
  if (step.reason == renewal::Reason::not_yet_valid) {
    event(EventName::clock_skewed, step.message, fields);
  } else {
    fields.emplace_back("days_left", std::int64_t{std::chrono::floor<std::chrono::days>(left).count()});
    expiry(left, fields, schedule, now);
  }
  fields.emplace_back("reason", std::string(to_string(step.reason)));
  fields.emplace_back("next_attempt", format_time(step.at));
  fields.emplace_back("next_check", format_time(std::min(step.at, now + check_every_)));
  if (!std::exchange(plan_logged_, true)) {
    add_plan(certificate, schedule, fields);
  }
  event(EventName::certificate_checked, step.message, fields);
}

void Announcer::expiry(std::chrono::seconds left, const Fields& fields, renewal::Schedule& schedule, TimePoint now) {
  if (left <= std::chrono::seconds(0)) {
    if (schedule.announces_expiry(now)) {
      event(EventName::certificate_expired, fmt::format("the certificate expired {} ago", format_duration(-left)),
            fields);
    }
  } else if (schedule.days_to_announce(left) != 0) {
    event(EventName::certificate_expiring, fmt::format("the certificate expires in {}", format_duration(left)), fields);
  }
}

// What `plan` shows in addition to the step; does not change until the daemon restarts.
void Announcer::add_plan(const Certificate& certificate, const renewal::Schedule& schedule, Fields& fields) const {
  if (certificate_.renew == configuration::RenewMode::never) {
    return;
  }
  const auto opens =
      renewal::window_opens({certificate.not_before(), certificate.not_after()}, certificate_.renew_before);
  fields.emplace_back("window_opens", format_time(opens));
  fields.emplace_back("splay_seconds", std::int64_t{schedule.offset().count()});
  fields.emplace_back("url", context_.source.describe());
  fields.emplace_back("gateway", context_.gateway.description());
}

// By kind and severity: a message may have a number that changes at every check.
void Announcer::found(const report::Assessment& assessment, TimePoint now) {
  std::map<FindingKind, std::string> found;
  for (const auto& finding : assessment.findings) {
    if (finding.severity == Severity::ok || !end_is_reported(finding.kind)) {
      continue;
    }
    found.emplace(finding.kind, finding.message);
    if (has_event_of_its_own(finding.kind)) {
      continue;
    }
    const std::string kind(to_string(finding.kind));
    const std::string key = fmt::format("{} {}", kind, to_string(finding.severity));
    if (const auto times = repetitions_.occurred(EventName::certificate_checked, key, now)) {
      event(finding.severity == Severity::critical ? Level::error : Level::warning, EventName::certificate_checked,
            finding.message, {{"finding", kind}, {"times", std::int64_t{*times}}, {"advice", finding.advice}});
    }
  }
  for (const auto& [kind, message] : reported_) {
    if (!found.contains(kind)) {
      repetitions_.forget(EventName::certificate_checked, to_string(kind));
      event(EventName::certificate_checked, "no longer: " + message, {{"finding", std::string(to_string(kind))}});
    }
  }
  reported_ = std::move(found);
}

void Announcer::unreadable(const std::string& message, TimePoint next_check, TimePoint now) {
  if (const auto times = repetitions_.occurred(EventName::certificate_unreadable, message, now)) {
    event(EventName::certificate_unreadable, message,
          {{"path", context_.keystore.describe()},
           {"next_check", format_time(next_check)},
           {"times", std::int64_t{*times}}});
  }
}

void Announcer::replaced(const std::string& author, const Certificate& certificate,
                         const std::optional<state::Generation>& newer) {
  const std::string text =
      fmt::format("{}; the certificate is now valid until {}", author, format_time(certificate.not_after()));
  Fields fields = renewal::certificate_fields(certificate);
  if (!newer) {
    event(EventName::certificate_changed_on_disk, text, fields);
    return;
  }
  fields.emplace_back("newer_generation", std::int64_t{newer->number});
  event(Level::warning, EventName::certificate_changed_on_disk,
        fmt::format("{}; a newer keystore is stored as {} (to install it: `gravitee-renewd rollback {} --to {}`)", text,
                    state::describe(*newer), certificate_.name, newer->number),
        fields);
}

void Announcer::not_watched(const std::string& problem) {
  event(Level::warning, EventName::certificate_checked, problem, {});
}

void Announcer::clock_changed() {
  event(EventName::clock_changed, "the clock was set; checking again");
}

void Announcer::due(const Step& step) {
  event(EventName::renewal_due, step.message, {{"reason", std::string(to_string(step.reason))}});
}

void Announcer::interrupted(const renewal::Record& unfinished, TimePoint retry_at) {
  const std::string next = format_time(retry_at);
  event(Level::error, EventName::renewal_resumed,
        fmt::format("the renewal was resumed {} times after \"{}\" and never finished; next attempt at {}{}",
                    unfinished.resumed, to_string(unfinished.phase), next,
                    unfinished.is_at_gateway() ? "; the gateway is left as it is. If its restart stops or kills this "
                                                 "daemon, `validate` shows why"
                                               : ""),
        {{"phase", std::string(to_string(unfinished.phase))},
         {"resumed", std::int64_t{unfinished.resumed}},
         {"retry_at", next}});
}

void Announcer::failed(const Error& error, TimePoint retry_at, unsigned failures_in_a_row) {
  if (error.kind == ErrorKind::busy) {
    event(Level::warning, EventName::certificate_checked, "skipped: " + error.message, {});
    return;
  }
  event(EventName::renewal_failed, error.message,
        {{"class", std::string(to_string(error.kind))},
         {"retry_at", format_time(retry_at)},
         {"failures_in_a_row", std::int64_t{failures_in_a_row}},
         {"advice", std::string(report::advice_on(error))}});
}

void Announcer::token(const std::vector<renewal::TokenFinding>& findings, TimePoint now) {
  for (const auto& finding : findings) {
    if (const auto times = repetitions_.occurred(EventName::token_unusable, finding.message, now)) {
      Fields fields{{"times", std::int64_t{*times}}};
      if (!finding.advice.empty()) {
        fields.emplace_back("advice", finding.advice);
      }
      event(finding.level, EventName::token_unusable, finding.message, fields);
    }
  }
}

void Announcer::event(EventName name, std::string_view message, const Fields& fields) const {
  context_.log.event(name, certificate_.name, message, fields);
}

void Announcer::event(Level level, EventName name, std::string_view message, const Fields& fields) const {
  context_.log.event(level, name, certificate_.name, message, fields);
}

}  // namespace renewd::supervision
