// One sentence about where a certificate stands, for people in a hurry.
#pragma once

#include <map>
#include <string>

#include "core/clock.hpp"
#include "renewal/standing.hpp"

namespace renewd::renewal {

// "production: 312 days left, next look at 2026-11-24 17:41 UTC"
std::string summary(const Standing& standing, TimePoint now);

// The same for all, what is most urgent first, in one line; those beyond the third are counted.
std::string summary(const std::map<std::string, Standing>& standings, TimePoint now);

}  // namespace renewd::renewal
