// Prometheus' text format, version 0.0.4, for scrapes and for node_exporter's textfile collector.
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
  std::string_view suffix = {};  // in histograms: "_bucket", "_sum", "_count"
};

struct Family {
  std::string_view name;  // without the common prefix
  MetricType type;
  std::string_view help;  // one line
  std::vector<Sample> samples;
};

// Omits families without samples, because their values are unknown.
std::string exposition(const std::vector<Family>& families);

}  // namespace renewd::monitoring
