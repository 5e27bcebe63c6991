#include "commands/check.hpp"

#include <algorithm>
#include <exception>
#include <sstream>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "commands/configured.hpp"
#include "commands/exit_status.hpp"
#include "commands/layout.hpp"
#include "commands/service_user.hpp"
#include "core/text.hpp"

namespace renewd::commands {
namespace {

using renewal::Standing;

constexpr std::size_t kLongestText = 500;

struct Judged {
  const Standing* standing;
  Verdict verdict;
};

// The bar separates the text from the performance data.
std::string without_bars(std::string text) {
  std::replace(text.begin(), text.end(), '|', '/');
  return text;
}

// Days with at most two digits behind the point: "30", "91.25".
std::string number(double days) {
  std::string text = fmt::format("{:.2f}", days);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') {
    text.pop_back();
  }
  return text;
}

std::string sentence(const Judged& judged, TimePoint now) {
  std::string text = judged.standing->name + ": " + judged.verdict.text;
  if (judged.verdict.severity != Severity::ok || !judged.standing->outlook) {
    return text;
  }
  if (judged.standing->renew == configuration::RenewMode::never) {
    return text + ", watched only";
  }
  const auto& step = judged.standing->outlook->step;
  return step.at > now ? text + ", renewal on " + day_of(step.at) : text;
}

std::string performance(const Judged& judged, bool alone) {
  const auto& verdict = judged.verdict;
  return fmt::format("{}={};{};{}", alone ? "days" : "'" + judged.standing->name + "'",
                     verdict.days ? std::to_string(*verdict.days) : "U", number(verdict.warning),
                     number(verdict.critical));
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

CheckResult looked_at(const CheckOptions& options, std::ostream& errors) {
  const auto& [warning, critical] = options.thresholds;
  if (warning && critical && *critical > *warning) {
    return check_unknown("--critical is more than --warning");
  }
  if (const auto refused = no_permission(options.configuration)) {
    return check_unknown(*refused);
  }
  std::ostringstream mistakes;
  auto settings = load_configuration(options.configuration, mistakes);
  if (!settings) {
    errors << mistakes.str();
    const std::string all = mistakes.str();
    return check_unknown("the configuration cannot be used: " + all.substr(0, all.find('\n')));
  }
  if (const auto refused = no_permission(*settings)) {
    return check_unknown(*refused);
  }
  if (const auto begun = work_as_service(*settings, options.configuration); !begun) {
    return check_unknown(begun.error().message);
  }
  auto certificates = select_certificates(*settings, "check", options.names, mistakes);
  if (!certificates) {
    const std::string all = mistakes.str();
    return check_unknown(all.substr(0, all.find('\n')));
  }
  const TimePoint now = SystemClock().now();
  return check_result(Lookout(*settings, std::move(*certificates)).look(now), options.thresholds, now);
}

}  // namespace

CheckResult check_unknown(std::string_view why) {
  return {kUnknown, fmt::format("GRAVITEE CERT UNKNOWN - {}\n", without_bars(printable(why, kLongestText)))};
}

CheckResult check_result(const Overview& overview, const Thresholds& thresholds, TimePoint now) {
  std::vector<Judged> all;
  for (const Standing& standing : overview.standings) {
    all.push_back({&standing, judge(standing, thresholds, now)});
  }
  std::string data;
  for (const Judged& judged : all) {
    data += (data.empty() ? "" : " ") + performance(judged, all.size() == 1);
  }
  // The worst first, and among equals what expires first; what cannot be read tells no days.
  std::sort(all.begin(), all.end(), [](const Judged& a, const Judged& b) {
    return std::tuple(b.verdict.severity, a.verdict.days, a.standing->name) <
           std::tuple(a.verdict.severity, b.verdict.days, b.standing->name);
  });
  const Severity worst = all.empty() ? Severity::ok : all.front().verdict.severity;
  std::string text;
  for (const Judged& judged : all) {
    text += (text.empty() ? "" : "; ") + printable(sentence(judged, now), kLongestText);
  }
  // No reason to alert by itself: a timer that runs `renew` does as well.
  if (worst != Severity::ok && !overview.daemon) {
    text += "; no daemon is running";
  }
  return {exit_status(worst), fmt::format("GRAVITEE CERT {} - {} | {}\n", to_string(worst), without_bars(text), data)};
}

int check(const CheckOptions& options, std::ostream& out, std::ostream& errors) {
  CheckResult result{};
  try {
    result = looked_at(options, errors);
  } catch (const std::exception& error) {
    // Any other exit status would be one of the certificate's.
    result = check_unknown(std::string("internal error: ") + error.what());
  }
  out << result.line << std::flush;
  return out ? result.status : kUnknown;
}

}  // namespace renewd::commands
