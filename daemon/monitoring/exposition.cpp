#include "monitoring/exposition.hpp"

#include <iterator>

#include <fmt/format.h>

#include "core/text.hpp"

namespace renewd::monitoring {
namespace {

constexpr std::string_view kPrefix = "gravitee_renewd_";

std::string_view name_of(MetricType type) {
  switch (type) {
    case MetricType::counter:
      return "counter";
    case MetricType::gauge:
      return "gauge";
    case MetricType::histogram:
      return "histogram";
  }
  return "untyped";
}

std::string label_value(std::string_view label) {
  std::string text;
  for (const char c : escaped(label, "\n")) {
    if (c == '\n') {
      text += "\\n";
    } else {
      if (c == '\\' || c == '"') {
        text += '\\';
      }
      text += c;
    }
  }
  return text;
}

}  // namespace

std::string exposition(const std::vector<Family>& families) {
  std::string text;
  const auto out = std::back_inserter(text);
  for (const auto& family : families) {
    if (family.samples.empty()) {
      continue;
    }
    fmt::format_to(out, "# HELP {0}{1} {2}\n# TYPE {0}{1} {3}\n", kPrefix, family.name, family.help,
                   name_of(family.type));
    for (const auto& sample : family.samples) {
      std::string labels;
      for (const auto& [name, value] : sample.labels) {
        labels += fmt::format("{}{}=\"{}\"", labels.empty() ? "" : ",", name, label_value(value));
      }
      fmt::format_to(out, "{}{}{}{} {:.15g}\n", kPrefix, family.name, sample.suffix,
                     labels.empty() ? labels : "{" + labels + "}", sample.value);
    }
  }
  return text;
}

}  // namespace renewd::monitoring
