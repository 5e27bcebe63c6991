// Finds problems with the account token long before it is needed.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "core/event_log.hpp"
#include "core/secret.hpp"

namespace renewd::renewal {

struct TokenFinding {
  Level level;  // error: a renewal would fail now
  std::string message;
  std::string advice = {};
};

// Reads the token, which must not expire before `needed_at`. One without a readable expiry is accepted.
std::vector<TokenFinding> examine_token(const SecretSource& source, TimePoint needed_at, TimePoint now);

// Why a renewal would fail now because of the token, if it would.
std::optional<Problem> token_problem(const SecretSource& source, TimePoint now);

// When a JSON Web Token expires (RFC 7519, 4.1.4); nothing for any other text. The signature is not verified.
std::optional<std::chrono::sys_seconds> token_expiry(std::string_view token);
// The same for the token in a secret; nothing if it cannot be read.
std::optional<std::chrono::sys_seconds> token_expiry(const SecretSource& source);

}  // namespace renewd::renewal
