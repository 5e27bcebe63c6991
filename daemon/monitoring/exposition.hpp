// Prometheus' text format, version 0.0.4: what a scrape answers with, and what node_exporter's textfile collector
// reads.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace renewd::monitoring {

inline constexpr std::string_view kExpositionType = "text/plain; version=0.0.4; charset=utf-8";

enum class MetricType { counter, gauge, histogram };

using Labels = std::vector<std::pair<std::string_view, std::string>>;

struct Sample {
  Labels labels;
  double value = 0;
  std::string_view suffix = {};  // of a histogram's parts: "_bucket", "_sum", "_count"
};

struct Family {
  std::string_view name;  // without the prefix that all of them have
  MetricType type;
  std::string_view help;  // one line
  std::vector<Sample> samples;
};

// A family without a sample is left out: what is not known is not shown.
std::string exposition(const std::vector<Family>& families);

}  // namespace renewd::monitoring
