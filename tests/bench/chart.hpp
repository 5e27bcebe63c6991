// A line chart as SVG, readable on light and on dark ground: a logarithmic axis upwards, hours to the right. No
// scripts.
#pragma once

#include <string>
#include <vector>

namespace renewd::bench {

struct Line {
  std::string name;
  std::vector<unsigned> values;  // one a minute
};

// The busiest minute of every five. At most four lines.
std::string draw_chart(const std::string& title, const std::vector<Line>& lines);

}  // namespace renewd::bench
