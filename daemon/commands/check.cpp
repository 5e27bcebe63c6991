#include "commands/check.hpp"

#include <algorithm>
#include <exception>
#include <sstream>
#include <utility>

#include <fmt/format.h>

#include "commands/configured.hpp"
#include "commands/deadline.hpp"
#include "commands/exit_status.hpp"
#include "core/text.hpp"
#include "core/version.hpp"

namespace renewd::commands {
namespace {

using report::Assessed;
using report::CertificateStatus;
using report::Severity;

constexpr std::size_t kLongestText = 500;
// NRPE before version 3 cuts at 1023 bytes, which would lose the performance data after a longer text.
constexpr std::size_t kLongestLine = 1023;
constexpr std::size_t kFixedText = 70;  // the state, and the count of certificates left out
constexpr std::size_t kShortestText = 300;

// A bar would end the text: performance data follow it.
std::string without_bars(std::string text) {
  std::replace(text.begin(), text.end(), '|', '/');
  return text;
}

// Only where it says more than the findings.
std::string fleet_part(const CertificateStatus& standing) {
  const auto& fleet = standing.fleet;
  return fleet && fleet->generation != 0 ? fmt::format(", fleet generation {} in use on {} of {}", fleet->generation,
                                                       fleet->hosts_in_use_of_newest, fleet->hosts)
                                         : "";
}

std::string sentence(const Assessed& assessed) {
  const auto& [standing, assessment] = assessed;
  const bool watched_only = assessment.severity() == Severity::ok && standing->renew == configuration::RenewMode::never;
  return standing->name + ": " + assessment.message() + (watched_only ? ", watched only" : "") + fleet_part(*standing);
}

std::string performance_data(const Assessed& assessed, bool alone) {
  const auto& [standing, assessment] = assessed;
  return fmt::format("{}={};{};{}", alone ? "days" : "'" + standing->name + "'",
                     assessment.days ? report::number(*assessment.days) : "U", to_string(assessment.warning),
                     to_string(assessment.critical));
}

// The worst first; counts the certificates that do not fit.
std::string summary(const std::vector<Assessed>& all, std::size_t limit) {
  std::string text;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::string next = printable(sentence(all[i]), kLongestText);
    if (i != 0 && text.size() + next.size() > limit) {
      const auto severity = all[i].assessment.severity();
      return text + fmt::format("; and {} more, {}{}", all.size() - i, to_string(severity),
                                severity == Severity::ok ? "" : " or better");
    }
    text += (i == 0 ? "" : "; ") + next;
  }
  return text;
}

std::string details_of(const Assessed& assessed, unsigned verbosity) {
  const auto& [standing, assessment] = assessed;
  std::string text = fmt::format("{} {}", to_string(assessment.severity()), sentence(assessed));
  const auto add = [&text](std::string_view label, std::string_view value) {
    text += value.empty() ? "" : fmt::format("\n  {}: {}", label, printable(value, kLongestText));
  };
  add("advice", assessment.advice());
  if (verbosity >= 2) {
    add("keystore", standing->keystore.string());
    add("thresholds",
        fmt::format("warning {}, critical {}", to_string(assessment.warning), to_string(assessment.critical)));
    if (standing->outlook) {
      add("serial", standing->outlook->certificate.serial());
      add("expires", format_time(standing->outlook->certificate.not_after()));
      add("next", standing->outlook->step.message);
    }
  }
  return text + "\n";
}

int exit_status(Severity severity) {
  switch (severity) {
    case Severity::ok:
      return kOk;
    case Severity::warning:
      return kWarning;
    case Severity::critical:
      return kCritical;
  }
  return kUnknown;
}

// The first line, without the name of the command.
CheckResult unknown_by(std::string_view diagnostics) {
  constexpr std::string_view kCommand = "check: ";
  diagnostics.remove_prefix(diagnostics.starts_with(kCommand) ? kCommand.size() : 0);
  return check_unknown(diagnostics.substr(0, diagnostics.find('\n')));
}

CheckResult check_certificates(const CheckOptions& options, std::ostream& errors) {
  const auto& [warning, critical] = options.thresholds;
  // Only two minima can be compared.
  if (warning && critical && !warning->inside && !critical->inside && critical->start > warning->start) {
    return check_unknown("--critical is greater than --warning");
  }
  std::ostringstream diagnostics;
  const auto settings = load_to_look("check", options.configuration, diagnostics);
  if (!settings && settings.error() == kUsageError) {
    errors << diagnostics.str();
    return unknown_by("the configuration is invalid: " + diagnostics.str());
  }
  if (!settings) {
    return unknown_by(diagnostics.str());
  }
  auto certificates = select_certificates(*settings, "check", options.names, diagnostics);
  if (!certificates) {
    return unknown_by(diagnostics.str());
  }
  const TimePoint now = SystemClock().now();
  const auto overview = Lookout(*settings, std::move(*certificates)).look(now);
  auto result = check_result(overview, options.thresholds, now, options.verbosity);
  if (options.verbosity >= 3) {
    result.details += without_bars(fmt::format(
        "configuration: {}\nstate directory: {}\ndaemon: {}\nversion: {}\n", printable(options.configuration.string()),
        printable(settings->state_directory.string()), printable(overview.daemon.value_or("not running")), version()));
  }
  return result;
}

}  // namespace

CheckResult check_unknown(std::string_view why) {
  return {kUnknown, fmt::format("GRAVITEE CERT UNKNOWN - {}\n", without_bars(printable(why, kLongestText)))};
}

CheckResult check_result(const Overview& overview, const report::Thresholds& thresholds, TimePoint now,
                         unsigned verbosity) {
  std::vector<Assessed> all;
  for (const CertificateStatus& standing : overview.standings) {
    all.push_back({&standing, report::assess(standing, thresholds, now)});
  }
  std::string data;
  for (const Assessed& assessed : all) {
    data += (data.empty() ? "" : " ") + performance_data(assessed, all.size() == 1);
  }
  std::sort(all.begin(), all.end(), report::is_more_urgent);
  const Severity worst = all.empty() ? Severity::ok : all.front().assessment.severity();
  const std::size_t limit = std::max(kShortestText, kLongestLine - std::min(kLongestLine, data.size() + kFixedText));
  const std::string text = summary(all, limit);
  CheckResult result{exit_status(worst),
                     fmt::format("GRAVITEE CERT {} - {} | {}\n", to_string(worst), without_bars(text), data)};
  if (verbosity >= 1) {
    for (const Assessed& assessed : all) {
      result.details += without_bars(details_of(assessed, verbosity));
    }
  }
  return result;
}

int check(const CheckOptions& options, std::ostream& out, std::ostream& errors) {
  CheckResult result{};
  try {
    const Deadline deadline(
        options.timeout,
        check_unknown(fmt::format("no result within {} s (--timeout): a file system or the system bus "
                                  "does not respond",
                                  options.timeout.count()))
            .line,
        kUnknown);
    result = check_certificates(options, errors);
  } catch (const std::exception& error) {
    // Any other exit status would be a statement about the certificates.
    result = check_unknown(std::string("internal error: ") + error.what());
  }
  out << result.line << result.details << std::flush;
  return out ? result.status : kUnknown;
}

}  // namespace renewd::commands
