#include "commands/verdict.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/text.hpp"
#include "renewal/retry.hpp"

namespace renewd::commands {
namespace {

using std::chrono::seconds;
using Days = std::chrono::duration<double, std::chrono::days::period>;

constexpr double kCriticalDays = 7;

struct Finding {
  Severity severity;
  std::string text;
  std::string advice;
};

std::optional<ErrorKind> class_named(std::string_view name) {
  for (const auto kind :
       {ErrorKind::dns, ErrorKind::connect, ErrorKind::tls, ErrorKind::proxy, ErrorKind::timeout,
        ErrorKind::unauthorized, ErrorKind::client_error, ErrorKind::rate_limited, ErrorKind::server_error,
        ErrorKind::bad_answer, ErrorKind::disk, ErrorKind::gateway, ErrorKind::fleet}) {
    if (renewd::to_string(kind) == name) {
      return kind;
    }
  }
  return std::nullopt;
}

std::string advice_for(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::dns:
    case ErrorKind::connect:
    case ErrorKind::timeout:
      return "see whether this host reaches the cloud: gravitee-renewd renew --dry-run";
    case ErrorKind::proxy:
      return "see to http.proxy and its password: gravitee-renewd renew --dry-run";
    case ErrorKind::tls:
      return "trust the certificate of the cloud or of a proxy in between (http.ca_file): "
             "gravitee-renewd renew --dry-run";
    case ErrorKind::unauthorized:
      return "make a new account token in the cloud (Settings > Account Tokens) and put it where `token` points, for "
             "the service's user to read: docs/operations.md, \"Rotating the account token\"";
    case ErrorKind::client_error:
      return "compare account_url with what the cloud's account-token dialog shows";
    case ErrorKind::rate_limited:
    case ErrorKind::server_error:
      return "nothing on this host; ask Gravitee if it lasts";
    case ErrorKind::bad_answer:
      return "look at the rejected answer with gravitee-renewd inspect, and show it to Gravitee";
    case ErrorKind::disk:
      return "make room, or mend the permissions of the files that the error names; where the service lacks them: "
             "gravitee-renewd init --permissions";
    case ErrorKind::gateway:
      return "look at the gateway's own log and mend it; where the service may not restart it: gravitee-renewd init "
             "--permissions; the daemon tries again by itself, and gravitee-renewd renew at once";
    case ErrorKind::fleet:
      return "see whether the hosts of the fleet reach each other";
    case ErrorKind::cancelled:
    case ErrorKind::busy:
      return "";
  }
  return "";
}

// The installed certificate, or the one in use where that is another and expires earlier.
struct Relevant {
  TimePoint expires;
  bool in_use_expires_first;
};

Relevant relevant(const renewal::Standing& standing) {
  const auto& installed = standing.outlook->certificate;
  if (standing.in_use && standing.in_use->fingerprint != installed.fingerprint_sha256() &&
      standing.in_use->not_after < installed.not_after()) {
    return {standing.in_use->not_after, true};
  }
  return {installed.not_after(), false};
}

Finding life(const Relevant& relevant, seconds left, const Verdict& limits, bool in_window) {
  if (left <= seconds(0)) {
    return {Severity::critical,
            (relevant.in_use_expires_first ? "the certificate in use expired " : "expired ") + format_duration(-left) +
                " ago",
            ""};
  }
  std::string text =
      format_duration(left) + (relevant.in_use_expires_first ? " left of the certificate in use" : " left");
  if (in_window) {
    text += ", inside the renewal window";
  }
  const Severity severity = limits.critical.alerts(*limits.days)  ? Severity::critical
                            : limits.warning.alerts(*limits.days) ? Severity::warning
                                                                  : Severity::ok;
  const Threshold& threshold = severity == Severity::critical ? limits.critical : limits.warning;
  // That few days are left needs no explanation.
  if (severity != Severity::ok && (threshold.inside || *limits.days > threshold.end)) {
    text += fmt::format(", {} {}", threshold.inside ? "inside" : "outside", to_string(threshold));
  }
  return {severity, std::move(text), ""};
}

// What failed once with weeks to go wakes nobody; what goes on failing does.
Finding failing(const renewal::Standing& standing) {
  const auto& attempts = standing.attempts;
  const auto kind = class_named(attempts.last_failure);
  const bool passes = kind && *kind != ErrorKind::gateway && renewal::retry_rule(*kind).pace == renewal::Pace::soon;
  const bool gateway_may_be_down = kind == ErrorKind::gateway && standing.activation_pending();
  const unsigned patience = gateway_may_be_down ? 1 : passes ? kFailuresThatPass : kFailuresToBeMended;
  return {attempts.failures_in_a_row >= patience ? Severity::critical : Severity::warning,
          fmt::format("renewal failed {} time{} in a row ({})", attempts.failures_in_a_row,
                      attempts.failures_in_a_row == 1 ? "" : "s", attempts.last_failure),
          kind ? advice_for(*kind) : ""};
}

// A host without a clock of its own boots in 1970.
Finding doubtful_clock(const renewal::Outlook& outlook) {
  return {Severity::warning, outlook.step.message,
          "timedatectl shows whether the clock is set, and by what; the daemon notices at once when it is"};
}

std::vector<Finding> findings(const renewal::Standing& standing, const Relevant& relevant, seconds left,
                              const Verdict& limits, TimePoint now) {
  const bool in_window = now >= standing.outlook->window_opens;
  std::vector<Finding> found{standing.outlook->clock_is_doubtful() ? doubtful_clock(*standing.outlook)
                                                                   : life(relevant, left, limits, in_window)};
  if (standing.activation_pending()) {
    found.push_back({Severity::warning,
                     standing.unfinished->phase == installation::Phase::rolling_back
                         ? "the old keystore is being put back"
                         : "the gateway does not use the renewed certificate yet",
                     "gravitee-renewd activate " + standing.name + " tries again now"});
  } else if (relevant.in_use_expires_first) {
    found.push_back({Severity::warning, "the gateway has not been seen to use the installed one",
                     "gravitee-renewd activate " + standing.name + " restarts the gateway and verifies it"});
  } else if (standing.in_use && standing.in_use->fingerprint != standing.outlook->certificate.fingerprint_sha256()) {
    // Whoever has put the installed one there may have restarted the gateway, too.
    found.push_back({Severity::ok, "the gateway was last seen with another one",
                     "if it has not been restarted since: gravitee-renewd activate " + standing.name});
  }
  // Failures of a time when it was due are history once somebody else has put a newer keystore there.
  const bool to_be_renewed = in_window || standing.unfinished;
  if (standing.attempts.failures_in_a_row != 0 && to_be_renewed && standing.renew != configuration::RenewMode::never) {
    found.push_back(failing(standing));
  }
  // Found months before it is needed, there is time to make another one.
  if (standing.token_problem) {
    found.push_back({Severity::warning, *standing.token_problem, advice_for(ErrorKind::unauthorized)});
  }
  if (standing.replacement_problem) {
    found.push_back({Severity::warning, "the keystore could not be replaced: " + *standing.replacement_problem,
                     "as root: gravitee-renewd init --permissions, then gravitee-renewd validate"});
  }
  return found;
}

Threshold warning_threshold(const renewal::Standing& standing, const Thresholds& thresholds) {
  if (thresholds.warning) {
    return *thresholds.warning;
  }
  const double window =
      standing.outlook ? Days(standing.outlook->certificate.not_after() - standing.outlook->window_opens).count() : 30;
  return {.start = std::round(window * 100) / 100};  // as it is shown
}

Threshold critical_threshold(const Threshold& warning, const Thresholds& thresholds) {
  const bool is_early = warning.inside || std::isinf(warning.start) || warning.start > kCriticalDays;
  const double half = warning.start > 0 ? warning.start / 2 : warning.start;
  return thresholds.critical.value_or(Threshold{.start = is_early ? kCriticalDays : half});
}

double days_to_judge(seconds left, const Verdict& limits) {
  const auto is_whole = [](double days) { return std::isinf(days) || std::floor(days) == days; };
  const bool whole = is_whole(limits.warning.start) && is_whole(limits.warning.end) &&
                     is_whole(limits.critical.start) && is_whole(limits.critical.end);
  const double days = Days(left).count();
  return whole ? std::floor(days) : std::floor(days * 100) / 100;
}

}  // namespace

std::string_view to_string(Severity severity) {
  switch (severity) {
    case Severity::ok:
      return "OK";
    case Severity::warning:
      return "WARNING";
    case Severity::critical:
      return "CRITICAL";
  }
  return "UNKNOWN";
}

Verdict judge(const renewal::Standing& standing, const Thresholds& thresholds, TimePoint now) {
  Verdict verdict{.severity = Severity::critical,
                  .text = "",
                  .advice = "",
                  .days = std::nullopt,
                  .warning = warning_threshold(standing, thresholds),
                  .critical = {}};
  verdict.critical = critical_threshold(verdict.warning, thresholds);
  if (!standing.outlook) {
    verdict.text = standing.outlook.error().message;
    verdict.advice = standing.way_back.value_or(
        fmt::format("gravitee-renewd validate tells what is wrong for the service, gravitee-renewd inspect {} "
                    "--password-file FILE whether a password opens it",
                    standing.keystore.string()));
    return verdict;
  }
  const Relevant counts = relevant(standing);
  const auto left = std::chrono::floor<seconds>(counts.expires - now);
  if (!standing.outlook->clock_is_doubtful()) {
    verdict.days = days_to_judge(left, verdict);
  }
  std::vector<std::string> texts;
  const auto found = findings(standing, counts, left, verdict, now);
  for (const Severity severity : {Severity::critical, Severity::warning, Severity::ok}) {
    for (const Finding& finding : found) {
      if (finding.severity != severity) {
        continue;
      }
      texts.push_back(finding.text);
      if (verdict.advice.empty()) {
        verdict.advice = finding.advice;
      }
    }
  }
  verdict.severity = std::max_element(found.begin(), found.end(), [](const Finding& a, const Finding& b) {
                       return a.severity < b.severity;
                     })->severity;
  verdict.text = fmt::format("{}", fmt::join(texts, ", "));
  if (verdict.severity == Severity::critical && verdict.advice.empty()) {
    verdict.advice = standing.renew == configuration::RenewMode::never
                         ? "renew it by hand: renew: never is set"
                         : "gravitee-renewd renew " + standing.name + " tries now";
  }
  return verdict;
}

}  // namespace renewd::commands
