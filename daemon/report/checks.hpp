// The checks of a certificate, each named after what it finds. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "core/clock.hpp"
#include "report/certificate_status.hpp"
#include "report/finding.hpp"
#include "report/planned.hpp"
#include "report/threshold.hpp"

namespace renewd::report {

// The input of the checks, for a certificate whose keystore is readable.
struct CheckInput {
  const CertificateStatus& standing;
  const Outlook& outlook;
  TimePoint now;
  bool window_is_open;
  bool other_is_in_use;        // the gateway last started with a certificate other than the installed one,
  bool in_use_expires_first;   // and it expires before the installed one
  std::chrono::seconds left;   // until the first of the two expires
  std::optional<double> days;  // as Assessment::days
  // What will replace the certificate that expires first.
  std::optional<Planned> planned;
  Threshold warning;
  Threshold critical;
};

// In the order of the checks; never empty.
std::vector<Finding> run_checks(const CheckInput& facts);

// The same for an unreadable keystore; `left` as Assessment::left.
std::vector<Finding> findings_of_unreadable(const CertificateStatus& standing,
                                            std::optional<std::chrono::seconds> left);

}  // namespace renewd::report
