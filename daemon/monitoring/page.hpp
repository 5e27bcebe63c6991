// The page for people: one HTML document with everything in it, no script, nothing loaded from anywhere. Shows no
// secret, and not where one is kept.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "renewal/standing.hpp"

namespace renewd::monitoring {

struct PageContents {
  const std::vector<std::string>& names;  // the configured certificates
  const std::map<std::string, renewal::Standing>& standings;
  TimePoint now;
  // Text that is left out wherever it occurs: paths of secrets, which errors tell.
  const std::vector<std::string>& hidden;
  // The file has errors, or its metrics cannot be used: what was configured before counts.
  bool configuration_refused = false;
};

std::string page(const PageContents& contents);

// Safe as text and as an attribute's value.
std::string html_escaped(std::string_view text);

}  // namespace renewd::monitoring
