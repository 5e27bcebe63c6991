#include "report/checks.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "core/advice.hpp"
#include "core/text.hpp"
#include "renewal/retry.hpp"
#include "report/assessment.hpp"
#include "report/host_checks.hpp"

namespace renewd::report {
namespace {

using std::chrono::seconds;

using Check = std::optional<Finding> (*)(const CheckInput&);

// Nothing for a name that a newer version wrote.
std::optional<ErrorKind> class_named(std::string_view name) {
  const auto* const found = std::ranges::find(kFailureClasses, name, [](ErrorKind kind) { return to_string(kind); });
  return found == kFailureClasses.end() ? std::nullopt : std::optional(*found);
}

Severity severity_of_days(const CheckInput& facts) {
  return facts.critical.alerts(*facts.days)  ? Severity::critical
         : facts.warning.alerts(*facts.days) ? Severity::warning
                                             : Severity::ok;
}

std::string time_left(const CheckInput& facts) {
  std::string text = fmt::format("{}{} left", facts.in_use_expires_first ? "the certificate in use has " : "",
                                 format_duration(facts.left));
  if (facts.planned) {
    return text + ", " + facts.planned->text;
  }
  if (!facts.window_is_open) {
    return text;
  }
  const auto& since = facts.outlook.due_since;
  return text + ", inside the renewal window" +
         (since && facts.standing.attempts.failures_in_a_row == 0 ? ", due since " + format_minute(*since) + " UTC"
                                                                  : "");
}

// A host without a battery-backed clock boots in 1970.
std::optional<Finding> clock_in_doubt(const CheckInput& facts) {
  if (!facts.outlook.clock_is_doubtful()) {
    return std::nullopt;
  }
  return Finding{FindingKind::clock_in_doubt, Severity::warning, facts.outlook.step.message, std::string(kClockAdvice)};
}

std::optional<Finding> expired(const CheckInput& facts) {
  if (!facts.days || facts.left > seconds(0)) {
    return std::nullopt;
  }
  return Finding{FindingKind::expired, Severity::critical,
                 fmt::format("{}expired {} ago", facts.in_use_expires_first ? "the certificate in use " : "",
                             format_duration(-facts.left)),
                 ""};
}

std::optional<Finding> expiring(const CheckInput& facts) {
  if (!facts.days || facts.left <= seconds(0) || severity_of_days(facts) == Severity::ok) {
    return std::nullopt;
  }
  const Severity severity = severity_of_days(facts);
  const Threshold& threshold = severity == Severity::critical ? facts.critical : facts.warning;
  std::string text = time_left(facts);
  // Only an unusual range needs an explanation.
  if (threshold.inside || *facts.days > threshold.end) {
    text += fmt::format(", {} {}", threshold.inside ? "inside" : "outside", to_string(threshold));
  }
  return Finding{FindingKind::expiring, severity, std::move(text), ""};
}

std::optional<Finding> not_expiring(const CheckInput& facts) {
  if (!facts.days || facts.left <= seconds(0) || severity_of_days(facts) != Severity::ok) {
    return std::nullopt;
  }
  return Finding{FindingKind::not_expiring, Severity::ok, time_left(facts), ""};
}

bool previous_is_being_restored(const CheckInput& facts) {
  return facts.standing.unfinished && facts.standing.unfinished->phase == state::Phase::rolling_back;
}

std::string activate_now(const CheckInput& facts) {
  return "to retry now, run gravitee-renewd activate " + facts.standing.name;
}

std::optional<Finding> activation_pending(const CheckInput& facts) {
  if (!facts.standing.activation_pending() || previous_is_being_restored(facts)) {
    return std::nullopt;
  }
  // The restart and the health check take minutes.
  const bool under_way = facts.planned.has_value();
  return Finding{FindingKind::activation_pending, under_way ? Severity::ok : Severity::warning,
                 "the gateway does not use the renewed certificate yet", under_way ? "" : activate_now(facts)};
}

std::optional<Finding> restoration_pending(const CheckInput& facts) {
  if (!previous_is_being_restored(facts)) {
    return std::nullopt;
  }
  return Finding{FindingKind::restoration_pending, Severity::warning, "the previous keystore is being restored",
                 activate_now(facts)};
}

std::optional<Finding> old_certificate_in_use(const CheckInput& facts) {
  if (!facts.in_use_expires_first || facts.standing.activation_pending()) {
    return std::nullopt;
  }
  return Finding{FindingKind::old_certificate_in_use, Severity::warning,
                 "the gateway may still use a certificate that expires earlier",
                 "to restart and verify the gateway, run gravitee-renewd activate " + facts.standing.name};
}

// The certificate that is newer than the installed one, and that somebody has replaced by it: the one in use, or a
// stored one. After a roll-back from that one, or once an operator has activated it, the older one is there on purpose.
std::optional<state::CertificateRecord> newer_than_installed(const CheckInput& facts) {
  const CertificateStatus& standing = facts.standing;
  const auto& installed = facts.outlook.certificate;
  const auto* const last = standing.history.empty() ? nullptr : &standing.history.back();
  const bool activated =
      last != nullptr && last->outcome == "activated" && last->fingerprint == installed.fingerprint_sha256();
  if (standing.unfinished || activated) {
    return std::nullopt;
  }
  // Which certificate a roll-back gave up.
  const std::string given_up = last != nullptr && last->outcome == "rolled_back" ? last->fingerprint : "";
  const auto is_newer = [&](const std::optional<state::CertificateRecord>& other) {
    return other && other->fingerprint != given_up && other->not_after > installed.not_after() &&
           other->not_before >= installed.not_before();
  };
  if (standing.longer_lasting && is_newer(standing.longer_lasting->certificate)) {
    return standing.longer_lasting->certificate;
  }
  return is_newer(standing.in_use) ? standing.in_use : std::nullopt;
}

std::optional<Finding> older_keystore_installed(const CheckInput& facts) {
  const auto newer = newer_than_installed(facts);
  if (!newer) {
    return std::nullopt;
  }
  const CertificateStatus& standing = facts.standing;
  const auto& installed = facts.outlook.certificate;
  const auto& stored = standing.longer_lasting;
  const std::string again = stored && stored->certificate->fingerprint == newer->fingerprint
                                ? fmt::format("to install the newer one again, run gravitee-renewd rollback {} --to {}",
                                              standing.name, stored->number)
                                : "install the newer keystore again, from where it is stored";
  return Finding{
      FindingKind::older_keystore_installed, Severity::warning,
      fmt::format("an older keystore (serial {}, valid until {}) was installed in place of a newer one "
                  "(serial {}, valid until {})",
                  installed.serial(), format_time(installed.not_after()), newer->serial, format_time(newer->not_after)),
      again + "; if a configuration management installs this file, let it no longer do so"};
}

// The gateway's own restart ends this where it is seen (add_examination()).
std::optional<Finding> other_certificate_in_use(const CheckInput& facts) {
  if (!facts.other_is_in_use || facts.in_use_expires_first || facts.standing.activation_pending() ||
      newer_than_installed(facts)) {
    return std::nullopt;
  }
  return Finding{
      FindingKind::other_certificate_in_use, Severity::warning, "the gateway last started with a different certificate",
      "to restart and verify the gateway with the installed one, run gravitee-renewd activate " + facts.standing.name};
}

// With a clock in doubt, its consequences (TLS, refused answers) have no cure of their own.
std::string advice_on_failure(const CheckInput& facts) {
  const auto& attempts = facts.standing.attempts;
  const auto kind = class_named(attempts.last_failure);
  if (facts.outlook.clock_is_doubtful()) {
    return std::string(kClockAdvice);
  }
  if (!attempts.last_advice.empty() || !kind) {
    return attempts.last_advice;
  }
  const std::string retry =
      facts.standing.activation_pending() ? activate_now(facts)
      : facts.standing.fleet ? "the daemon tries again by itself: gravitee-renewd fleet status " + facts.standing.name
                             : "to retry now, run gravitee-renewd renew " + facts.standing.name;
  return std::string(advice_for(*kind)) + (*kind == ErrorKind::gateway ? "; " + retry : "");
}

std::string since(const state::RetryState& attempts) {
  return attempts.failing_since == TimePoint() ? "" : " since " + format_minute(attempts.failing_since) + " UTC";
}

// One failure with weeks to go is no emergency; repeated failures are.
std::optional<Finding> renewal_failing(const CheckInput& facts) {
  const CertificateStatus& standing = facts.standing;
  const auto& attempts = standing.attempts;
  // Old failures no longer matter once a newer keystore is installed.
  const bool is_due = facts.window_is_open || standing.unfinished;
  if (attempts.failures_in_a_row == 0 || !is_due || standing.renew == configuration::RenewMode::never) {
    return std::nullopt;
  }
  const auto kind = class_named(attempts.last_failure);
  const bool is_transient = kind && *kind != ErrorKind::gateway && renewal::retry_pace(*kind) == renewal::Pace::soon;
  // `disk` is also the class of an activation to which systemd did not respond.
  const bool gateway_may_be_down =
      (kind == ErrorKind::gateway || kind == ErrorKind::disk) && standing.activation_pending();
  const unsigned patience = gateway_may_be_down ? 1 : is_transient ? kTransientFailures : kLastingFailures;
  return Finding{FindingKind::renewal_failing,
                 attempts.failures_in_a_row >= patience ? Severity::critical : Severity::warning,
                 fmt::format("renewal failed {} time{} in a row ({}){}", attempts.failures_in_a_row,
                             attempts.failures_in_a_row == 1 ? "" : "s", attempts.last_failure, since(attempts)),
                 advice_on_failure(facts)};
}

// Only a token that says when it expires.
std::optional<Finding> token_expires_before_renewal(const CheckInput& facts) {
  const CertificateStatus& standing = facts.standing;
  const auto stage = renewal::stage_of(standing.unfinished, standing.answer_is_stored);
  const TimePoint next = facts.outlook.step.at;
  if (!standing.token_not_after || standing.token_problem || *standing.token_not_after > next ||
      stage != renewal::Unfinished::none || facts.outlook.clock_is_doubtful() ||
      standing.renew == configuration::RenewMode::never) {
    return std::nullopt;
  }
  return Finding{FindingKind::token_expires_before_renewal, Severity::warning,
                 fmt::format("the account token expires at {} UTC, before the renewal on {} UTC",
                             format_minute(*standing.token_not_after), format_minute(next)),
                 "create a new account token in Gravitee Cloud (Settings > Account Tokens), valid until after the "
                 "renewal, and store it where `token` points"};
}

std::optional<Finding> longer_lasting_stored(const CheckInput& facts) {
  if (!facts.standing.longer_lasting || newer_than_installed(facts)) {
    return std::nullopt;
  }
  const auto& stored = *facts.standing.longer_lasting;
  return Finding{
      FindingKind::longer_lasting_stored, Severity::ok,
      state::describe(stored) + " expires later than the installed keystore",
      fmt::format("to install it, run gravitee-renewd rollback {} --to {}", facts.standing.name, stored.number)};
}

constexpr std::array<Check, 12> kChecks{clock_in_doubt,
                                        expired,
                                        expiring,
                                        not_expiring,
                                        activation_pending,
                                        restoration_pending,
                                        old_certificate_in_use,
                                        other_certificate_in_use,
                                        renewal_failing,
                                        older_keystore_installed,
                                        token_expires_before_renewal,
                                        longer_lasting_stored};

std::string advice_on_unreadable(const CertificateStatus& standing) {
  const std::string& advice = standing.outlook.error().advice;
  return advice.empty() ? fmt::format(
                              "run gravitee-renewd validate to see why the service cannot read it, or "
                              "gravitee-renewd inspect {} --password-file FILE to test a password",
                              shell_quoted(standing.keystore.string()))
                        : advice;
}

}  // namespace

std::vector<Finding> run_checks(const CheckInput& facts) {
  std::vector<Finding> findings;
  for (const Check check : kChecks) {
    if (auto found = check(facts)) {
      findings.push_back(std::move(*found));
    }
  }
  add_host_findings(facts.standing, findings);
  return findings;
}

std::vector<Finding> findings_of_unreadable(const CertificateStatus& standing, std::optional<seconds> left) {
  std::string message = standing.outlook.error().message;
  if (left) {
    message += fmt::format("; the certificate that was last read from it {} at {} UTC",
                           *left > seconds(0) ? "expires in " + format_duration(*left) + "," : "expired",
                           format_minute(*standing.known_not_after()));
  }
  std::vector<Finding> findings{
      {FindingKind::keystore_unreadable, Severity::critical, std::move(message), advice_on_unreadable(standing)}};
  add_host_findings(standing, findings);
  return findings;
}

}  // namespace renewd::report
