#include "renewal/token_watch.hpp"

#include <sys/stat.h>

#include <cmath>
#include <exception>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "cloud/base64.hpp"
#include "core/advice.hpp"
#include "core/http_secrets.hpp"
#include "core/text.hpp"
#include "core/within_clock.hpp"

namespace renewd::renewal {
namespace {

namespace json = boost::json;

// Larger numbers are not dates.
constexpr double kYear9999 = 253402300799.0;

std::optional<std::string> readable_by_others(const SecretSource& source) {
  struct stat status{};
  if (source.kind != SecretSource::Kind::file || ::stat(source.name.c_str(), &status) != 0) {
    return std::nullopt;
  }
  const bool by_all = (status.st_mode & S_IROTH) != 0;
  if (!by_all && (status.st_mode & S_IRGRP) == 0) {
    return std::nullopt;
  }
  return fmt::format(
      "{} is readable by {} (mode {:04o}), and anyone who has the token can renew in your name: let only the "
      "daemon's user read it (chown, then chmod 0600)",
      source.description(), by_all ? "every user" : "its group", status.st_mode & 07777U);
}

std::string renew_token(const SecretSource& source) {
  return fmt::format(
      "create a new account token in Gravitee Cloud (Settings > Account Tokens) and store it in {}: {}, \"Rotating the "
      "account token\"; if that date has not come yet, set this host's clock: timedatectl",
      source.description(), kOperationsGuide);
}

}  // namespace

std::optional<std::chrono::sys_seconds> token_expiry(std::string_view token) {
  const auto first = token.find('.');
  const auto second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos) {
    return std::nullopt;
  }
  const auto payload = cloud::decode_base64(token.substr(first + 1, second - first - 1));
  if (!payload) {
    return std::nullopt;
  }
  json::error_code error;
  const json::value claims = json::parse(*payload, error);
  const auto* const object = claims.if_object();
  const auto* const expiry = object == nullptr ? nullptr : object->if_contains("exp");
  if (expiry == nullptr || !expiry->is_number()) {
    return std::nullopt;
  }
  const auto seconds = expiry->to_number<double>();
  if (!(seconds >= 0 && seconds <= kYear9999)) {
    return std::nullopt;
  }
  return within_clock(std::chrono::sys_seconds(std::chrono::seconds(static_cast<std::int64_t>(std::floor(seconds)))));
}

std::optional<std::chrono::sys_seconds> token_expiry(const SecretSource& source) {
  const auto token = read_token(source);
  return token ? token_expiry(token->view()) : std::nullopt;
}

std::vector<TokenFinding> examine_token(const SecretSource& source, TimePoint needed_at, TimePoint now) {
  std::vector<TokenFinding> findings;
  const auto token = read_token(source);
  if (!token) {
    findings.push_back(
        {Level::error, "the account token cannot be used: " + token.error().message, token.error().advice});
    return findings;
  }
  if (auto others = readable_by_others(source)) {
    findings.push_back({Level::warning, std::move(*others)});
  }
  const auto expiry = token_expiry(token->view());
  if (expiry && *expiry <= now) {
    findings.push_back(
        {Level::error, fmt::format("the account token expired at {}", format_time(*expiry)), renew_token(source)});
  } else if (expiry && *expiry <= needed_at) {
    findings.push_back({Level::warning,
                        fmt::format("the account token expires at {}, before it is needed at {}: "
                                    "create a new one in time",
                                    format_time(*expiry), format_time(needed_at)),
                        renew_token(source)});
  }
  return findings;
}

std::optional<Problem> token_problem(const SecretSource& source, TimePoint now) {
  for (TokenFinding& finding : examine_token(source, now, now)) {
    if (finding.level == Level::error) {
      return Problem{std::move(finding.message), std::move(finding.advice)};
    }
  }
  return std::nullopt;
}

}  // namespace renewd::renewal
