// A threshold as the arguments and the performance data of monitoring plugins write it: the range of values that are
// fine. https://www.monitoring-plugins.org/doc/guidelines.html#THRESHOLDFORMAT
#pragma once

#include <limits>
#include <string>
#include <string_view>

#include "core/error.hpp"

namespace renewd::renewal {

struct Threshold {
  double start = -std::numeric_limits<double>::infinity();
  double end = std::numeric_limits<double>::infinity();
  bool inside = false;  // alerts inside the range, its ends included, instead of outside

  bool operator==(const Threshold&) const = default;
  bool alerts(double value) const { return (value < start || value > end) != inside; }
};

// "10:" (alerts below 10), "~:10" (above 10), "5:10" or ":10" (outside), "@5:10" (inside). A plain "10" is "10:", a
// minimum as check_disk and `check_http -C` take it: the guidelines' own reading, "0:10", would alert because a
// certificate is new. The error is a sentence without context.
Result<Threshold> parse_threshold(std::string_view text);

// With at most two digits behind the point: "30:", "91.25:", "@5:10".
std::string to_string(const Threshold& threshold);

// "30", "91.25"
std::string number(double days);

}  // namespace renewd::renewal
