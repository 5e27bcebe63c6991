// One sentence about where a certificate stands: what was found (renewal/assessment) and what comes next. STATUS= shows
// it.
#pragma once

#include <map>
#include <string>

#include "core/clock.hpp"
#include "renewal/standing.hpp"

namespace renewd::renewal {

// "production: 312 days left, next look at 2026-11-24 17:41 UTC"; with its severity, when that is not OK.
std::string summary(const Standing& standing, TimePoint now);

// The same for all, what is most urgent first, in one line; those beyond the third are counted.
std::string summary(const std::map<std::string, Standing>& standings, TimePoint now);

}  // namespace renewd::renewal
