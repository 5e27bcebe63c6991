// Certificates in every state, with the findings that every form must show.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "renewal/assessment.hpp"
#include "standings.hpp"

namespace renewd::testing {

struct AssessmentCase {
  std::string name;
  renewal::Standing standing;                                                // at kNow
  std::vector<std::pair<renewal::FindingKind, renewal::Severity>> findings;  // the worst first
};

const std::vector<AssessmentCase>& assessment_cases();

}  // namespace renewd::testing
