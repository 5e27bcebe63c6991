// A threshold in the notation of monitoring plugins: the range of values that do not alert.
// https://www.monitoring-plugins.org/doc/guidelines.html#THRESHOLDFORMAT
#pragma once

#include <limits>
#include <string>
#include <string_view>

#include "core/error.hpp"

namespace renewd::report {

struct Threshold {
  double start = -std::numeric_limits<double>::infinity();
  double end = std::numeric_limits<double>::infinity();
  bool inside = false;  // alerts inside the range, ends included, instead of outside

  bool operator==(const Threshold&) const = default;
  bool alerts(double value) const { return (value < start || value > end) != inside; }
};

// "10:" (alerts below 10), "~:10" (above 10), "5:10" or ":10" (outside), "@5:10" (inside). A plain "10" means "10:", as
// for check_disk and `check_http -C`: with the guidelines' own reading, "0:10", a new certificate would alert.
Result<Threshold> parse_threshold(std::string_view text);

// With at most two decimals: "30:", "91.25:", "@5:10".
std::string to_string(const Threshold& threshold);

// "30", "91.25"
std::string number(double days);

}  // namespace renewd::report
