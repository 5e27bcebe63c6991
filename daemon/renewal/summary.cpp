#include "renewal/summary.hpp"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/text.hpp"

namespace renewd::renewal {
namespace {

constexpr std::size_t kShown = 3;

// "2026-11-24 17:41 UTC"
std::string minute(TimePoint time) {
  std::string text = format_time(time).substr(0, 16);
  std::replace(text.begin(), text.end(), 'T', ' ');
  return text + " UTC";
}

std::string life(const Outlook& outlook, TimePoint now) {
  if (outlook.clock_is_doubtful()) {
    return "not valid yet";
  }
  const auto left = std::chrono::floor<std::chrono::seconds>(outlook.certificate.not_after() - now);
  return left.count() > 0 ? format_duration(left) + " left" : "EXPIRED " + format_duration(-left) + " ago";
}

std::string what_comes_next(const Standing& standing, TimePoint now) {
  const Step& step = standing.outlook->step;
  if (standing.outlook->clock_is_doubtful()) {
    return step.message;
  }
  const auto& attempts = standing.attempts;
  const std::string when = step.at > now ? "next attempt at " + minute(step.at) : "trying now";
  if (standing.activation_pending()) {
    return "the gateway does not use it yet, " + when;
  }
  if (attempts.failures_in_a_row != 0) {
    return fmt::format("renewal failed {} time{} ({}), {}", attempts.failures_in_a_row,
                       attempts.failures_in_a_row == 1 ? "" : "s", attempts.last_failure, when);
  }
  if (step.act != Act::wait) {
    return "being renewed";
  }
  return "next look at " + minute(standing.outlook->next_look);
}

// What cannot be read comes first, then what expires first.
std::pair<TimePoint, std::string_view> urgency(const Standing& standing) {
  return {standing.outlook ? TimePoint(standing.outlook->certificate.not_after()) : TimePoint::min(), standing.name};
}

}  // namespace

std::string summary(const Standing& standing, TimePoint now) {
  if (!standing.outlook) {
    return standing.name + ": the keystore cannot be read";
  }
  return fmt::format("{}: {}, {}", standing.name, life(*standing.outlook, now), what_comes_next(standing, now));
}

std::string summary(const std::map<std::string, Standing>& standings, TimePoint now) {
  std::vector<const Standing*> ordered;
  for (const auto& [name, standing] : standings) {
    ordered.push_back(&standing);
  }
  const std::size_t shown = std::min(ordered.size(), kShown);
  std::partial_sort(ordered.begin(), ordered.begin() + static_cast<std::ptrdiff_t>(shown), ordered.end(),
                    [](const Standing* a, const Standing* b) { return urgency(*a) < urgency(*b); });
  std::string text;
  for (std::size_t i = 0; i < shown; ++i) {
    text += (i == 0 ? "" : "; ") + summary(*ordered[i], now);
  }
  if (ordered.size() > kShown) {
    text += fmt::format("; and {} more", ordered.size() - kShown);
  }
  return text;
}

}  // namespace renewd::renewal
