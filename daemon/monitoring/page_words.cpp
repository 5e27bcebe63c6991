#include "monitoring/page_words.hpp"

#include <algorithm>
#include <chrono>
#include <tuple>

#include <fmt/format.h>

#include "core/text.hpp"

namespace renewd::monitoring {

using renewal::Outlook;
using renewal::Standing;

namespace {

// With less than this left, a renewal that fails cannot wait for office hours.
constexpr std::chrono::days kUrgent{7};
constexpr std::size_t kPastShown = 5;

std::chrono::seconds left_of(const Outlook& outlook, TimePoint now) {
  return std::chrono::floor<std::chrono::seconds>(outlook.certificate.not_after() - now);
}

std::string life_left(std::chrono::seconds left) {
  return left.count() > 0 ? format_duration(left) + " left" : "expired " + format_duration(-left) + " ago";
}

std::pair<Severity, std::string> state_of(const Standing& standing, TimePoint now) {
  if (!standing.outlook) {
    return {Severity::bad, "unreadable"};
  }
  if (standing.outlook->clock_is_doubtful()) {
    return {Severity::attention, "clock in doubt"};
  }
  const auto left = left_of(*standing.outlook, now);
  if (left.count() <= 0) {
    return {Severity::bad, "expired"};
  }
  const auto& attempts = standing.attempts;
  if (attempts.failures_in_a_row != 0) {
    return {left < kUrgent ? Severity::bad : Severity::attention,
            standing.activation_pending() ? "gateway does not use it" : "renewal failing"};
  }
  if (standing.activation_pending()) {
    return {Severity::attention, "waiting for the gateway"};
  }
  if (standing.unfinished || standing.outlook->step.act != renewal::Act::wait) {
    return {Severity::attention, "being renewed"};
  }
  if (standing.token_problem) {
    return {Severity::attention, "account token unusable"};
  }
  if (standing.replacement_problem) {
    return {Severity::attention, "keystore not replaceable"};
  }
  if (now >= standing.outlook->window_opens) {
    return standing.renew == configuration::RenewMode::never
               ? std::pair(left < kUrgent ? Severity::bad : Severity::attention, std::string("expires soon"))
               : std::pair(Severity::good, std::string("to be renewed"));
  }
  return {Severity::good, "in order"};
}

std::string next_of(const Standing& standing, TimePoint now) {
  if (!standing.outlook) {
    return "The daemon looks again every minute, and as soon as the file changes. Nothing is renewed meanwhile.";
  }
  const auto& step = standing.outlook->step;
  const bool renews = standing.renew == configuration::RenewMode::automatic;
  if (standing.outlook->clock_is_doubtful()) {
    return step.message;
  }
  std::string next = step.message;
  if (renews && step.at > now) {
    next += fmt::format("; next step in {}", format_duration(std::chrono::ceil<std::chrono::seconds>(step.at - now)));
  }
  return next + ".";
}

std::string certificate_words(const std::string& serial, std::chrono::sys_seconds from, std::chrono::sys_seconds to) {
  return fmt::format("serial {}, valid from {} until {}", serial, format_time(from), format_time(to));
}

std::string in_use_words(const Standing& standing) {
  if (!standing.in_use) {
    return "not known: the gateway has not been started by the daemon yet";
  }
  const auto& used = *standing.in_use;
  const bool same = standing.outlook && standing.outlook->certificate.fingerprint_sha256() == used.fingerprint;
  return same ? "the installed certificate" : certificate_words(used.serial, used.not_before, used.not_after);
}

std::string past_words(const Standing& standing) {
  std::string words;
  const std::size_t shown = std::min(standing.history.size(), kPastShown);
  for (std::size_t i = 0; i < shown; ++i) {
    const auto& past = standing.history[standing.history.size() - 1 - i];
    std::string outcome = past.outcome;
    std::replace(outcome.begin(), outcome.end(), '_', ' ');
    words += fmt::format("{}{} {}", words.empty() ? "" : "; ", outcome, format_time(past.ended));
  }
  return words;
}

}  // namespace

Words words_of(const Standing& standing, TimePoint now) {
  Words words;
  std::tie(words.severity, words.state) = state_of(standing, now);
  words.headline = !standing.outlook                       ? "the keystore cannot be read"
                   : standing.outlook->clock_is_doubtful() ? "not valid yet"
                                                           : life_left(left_of(*standing.outlook, now));
  words.next = next_of(standing, now);
  if (standing.outlook) {
    const auto& certificate = standing.outlook->certificate;
    words.facts.emplace_back(
        "Installed", certificate_words(certificate.serial(), certificate.not_before(), certificate.not_after()));
  } else {
    words.facts.emplace_back("Error", standing.outlook.error().message);
  }
  words.facts.emplace_back("In use", in_use_words(standing));
  const auto& attempts = standing.attempts;
  if (attempts.failures_in_a_row != 0) {
    words.facts.emplace_back("Last error", fmt::format("{} ({}, {} in a row)", attempts.last_message,
                                                       attempts.last_failure, attempts.failures_in_a_row));
  }
  if (standing.token_problem) {
    words.facts.emplace_back("Account token", *standing.token_problem);
  }
  if (standing.replacement_problem) {
    words.facts.emplace_back("Replacement", *standing.replacement_problem);
  }
  if (!standing.history.empty()) {
    words.facts.emplace_back("Past renewals", past_words(standing));
  }
  words.facts.emplace_back("Last look", format_time(standing.looked_at));
  return words;
}

}  // namespace renewd::monitoring
