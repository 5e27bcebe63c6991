// What is wrong, or soon will be, with the account token: found long before it is needed.
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
};

// Reads the token. `needed_at` is when it will be needed: a token that has expired by then is no good. Nothing is wrong
// with one that says nothing of its end.
std::vector<TokenFinding> examine_token(const SecretSource& source, TimePoint needed_at, TimePoint now);

// Why a renewal would fail at the token now; nothing when it would not.
std::optional<std::string> token_problem(const SecretSource& source, TimePoint now);

// When the token in a secret expires, as token_expiry() says; nothing for one that cannot be read.
std::optional<std::chrono::sys_seconds> token_end(const SecretSource& source);

// When a JSON Web Token expires (RFC 7519, 4.1.4); nothing for any other text. The signature is not our business.
std::optional<std::chrono::sys_seconds> token_expiry(std::string_view token);

}  // namespace renewd::renewal
