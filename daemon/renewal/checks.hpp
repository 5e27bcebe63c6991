// The checks that a certificate is judged by, each named after what it finds. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "core/clock.hpp"
#include "renewal/finding.hpp"
#include "renewal/standing.hpp"
#include "renewal/threshold.hpp"

namespace renewd::renewal {

// What the checks look at, of a certificate whose keystore can be read.
struct CheckInput {
  const Standing& standing;
  const Outlook& outlook;
  bool window_is_open;
  // Whether the gateway was last seen with another certificate than the installed one, and whether that one expires
  // first.
  bool other_is_in_use;
  bool in_use_expires_first;
  // Of the certificate that expires first.
  std::chrono::seconds left;
  std::optional<double> days;  // as Assessment::days
  Threshold warning;
  Threshold critical;
};

// In the order in which they are told; never empty.
std::vector<Finding> run_checks(const CheckInput& facts);

// The one finding about a keystore that cannot be read.
Finding keystore_unreadable(const Standing& standing);

}  // namespace renewd::renewal
