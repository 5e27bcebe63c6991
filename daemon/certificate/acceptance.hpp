// The gate: whether a renewed certificate may replace the installed one. Pure: no disk, no network, no clock of its
// own.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "certificate/keystore.hpp"
#include "core/clock.hpp"
#include "core/error.hpp"

namespace renewd::certificate {

struct Expectations {
  // The account that the certificate is for. Compared with the common name only when the installed certificate's
  // common name is the account id, too: where it never was, it says nothing.
  std::string account_id;
  // When not empty, the certificate must chain to one of these (keystore.ca_file).
  std::vector<Certificate> trusted;
  TimePoint now;
};

// The largest notBefore in the future that is put down to clocks that differ.
inline constexpr std::chrono::minutes kClockTolerance{5};

// From as many bits of security on (NIST SP 800-57, part 1, table 2: good past 2030) a renewed certificate's key and
// signature are strong enough, whatever the installed one has: P-256, Ed25519, RSA of 3072 bits, SHA-256.
inline constexpr int kSecurityBitsEnough = 128;

// Succeeds when `candidate`, which must hold its key, may replace `installed`. Otherwise a rejection whose message
// names both sides of the comparison that failed.
Result<void> accept(const Keystore& candidate, const Keystore& installed, const Expectations& expectations);

// The part of it about the account, for a keystore that was accepted before.
Result<void> accept_account(const Certificate& candidate, const Certificate& installed, const std::string& account_id);

}  // namespace renewd::certificate
