// The gate: whether a renewed certificate may replace the installed one. Pure: no disk, no network, no clock.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "certificate/keystore.hpp"
#include "core/clock.hpp"
#include "core/error.hpp"

namespace renewd::certificate {

struct Expectations {
  // Must be the renewed certificate's common name if it is the installed one's.
  std::string account_id;
  // If not empty, the certificate must chain to one of these (keystore.ca_file).
  std::vector<Certificate> trusted;
  TimePoint now;
};

// A notBefore this far in the future is accepted, since clocks differ.
inline constexpr std::chrono::minutes kClockTolerance{5};

// With this many bits of security (NIST SP 800-57, part 1, table 2: sufficient beyond 2030) a renewed key and signature
// are strong enough even if the installed ones are stronger: P-256, Ed25519, RSA of 3072 bits, SHA-256.
inline constexpr int kSecurityBitsEnough = 128;

// Whether `candidate` may replace `installed`. The message of a rejection names both sides of the failed comparison.
Result<void> accept(const Keystore& candidate, const Keystore& installed, const Expectations& expectations);

// Only the check of the account, for a keystore that was accepted earlier.
Result<void> accept_account(const Certificate& candidate, const Certificate& installed, const std::string& account_id);

}  // namespace renewd::certificate
