// Certificates in every state, with the findings that every form must show.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "report/assessment.hpp"
#include "statuses.hpp"

namespace renewd::testing {

struct AssessmentCase {
  std::string name;
  report::CertificateStatus standing;                                      // at kNow
  std::vector<std::pair<report::FindingKind, report::Severity>> findings;  // the worst first
};

const std::vector<AssessmentCase>& assessment_cases();

}  // namespace renewd::testing
