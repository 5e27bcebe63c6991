// Values of a fleet, for tests.
#pragma once

#include "fleet/records.hpp"
#include "fleet/view.hpp"

namespace renewd::testing {

inline constexpr TimePoint kNow{std::chrono::seconds(1'800'000'000)};
inline const fleet::Keys kKeys("/gravitee-renewd", "7b6f41d3");

// The n-th certificate, each later than the one before.
inline fleet::CertificateRecord nth_certificate(int n) {
  const std::chrono::sys_seconds from(std::chrono::seconds(1'700'000'000 + n * 1000));
  return {.serial = std::to_string(n),
          .fingerprint = "AB" + std::to_string(n),
          .not_before = from,
          .not_after = from + std::chrono::days(365)};
}

inline fleet::Header header(int n) {
  return {.account = "7b6f41d3",
          .generation = static_cast<std::uint64_t>(n),
          .key_id = "0123456789abcdef",
          .salt = std::string(32, '\xa5'),
          .published_by = "a/production",
          .claim = "claim-1",
          .at = kNow,
          .certificate = nth_certificate(n)};
}

inline fleet::Published published(int n) {
  return {header(n), fleet::header_line(header(n)), std::string("sealed\0\xff", 8)};
}

inline fleet::MemberRecord member_record() {
  return {.machine = "m1",
          .process = "p1",
          .version = "1.0.0",
          .key_id = "0123456789abcdef",
          .state = fleet::MemberState::waiting,
          .reason = "waits for its turn",
          .generation = 3,
          .installed = nth_certificate(3),
          .in_use = nth_certificate(2),
          .since = kNow};
}

inline fleet::RenewalRecord renewal_record() {
  return {.claim = fleet::Claim{"claim-1", "a/production", kNow, 2},
          .requests = {kNow - std::chrono::hours(2), kNow},
          .failures = 3,
          .failed = fleet::FailedRequest{"b/production", "server_error", "HTTP 503", kNow - std::chrono::hours(1)},
          .wait = std::chrono::seconds(90)};
}

inline fleet::Rollout rollout() {
  return {.generation = 3,
          .fingerprint = "AB3",
          .halt = fleet::Halt{fleet::HaltReason::failed, "c/production", kNow},
          .holders = {{"a/production", 3, "turn-1", kNow}, {"b/production", 3, "turn-2", kNow}},
          .verified = {"d/production"},
          .failed = {{"c/production", {"it did not start", kNow, true}}},
          .lost = {"b/production"},
          .excused = {"e/production"}};
}

}  // namespace renewd::testing
