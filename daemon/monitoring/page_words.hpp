// What the page says of a certificate, in words for somebody who sees it once a year. No markup.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/clock.hpp"
#include "renewal/assessment.hpp"
#include "renewal/standing.hpp"

namespace renewd::monitoring {

struct Words {
  renewal::Assessment assessment;
  std::string state;  // the worst finding in a word or two: "in order", "expired"
  std::string next;   // what happens next, by itself
  // Name and value: what is installed, what is in use, what happened.
  std::vector<std::pair<std::string, std::string>> facts;
};

Words words_of(const renewal::Standing& standing, TimePoint now);

}  // namespace renewd::monitoring
