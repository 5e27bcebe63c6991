#include "chart.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>

#include <fmt/format.h>

namespace renewd::bench {
namespace {

constexpr double kWidth = 900;
constexpr double kHeight = 460;
constexpr double kLeft = 80;
constexpr double kRight = 870;
constexpr double kTop = 120;
constexpr double kBottom = 400;
constexpr std::size_t kMinutesAPoint = 5;
constexpr std::size_t kMinutesATick = 180;

// Colours that can be told apart on white and on black, also by those who see few of them.
constexpr const char* kStyle = R"(<style>
text { font: 13px sans-serif; fill: #24292f; }
.title { font-size: 16px; font-weight: bold; }
.grid { stroke: #8c959f; stroke-opacity: 0.35; }
.axis { stroke: #57606a; }
.line { fill: none; stroke-width: 1.6; }
.line0 { stroke: #0969da; } .line1 { stroke: #cf222e; stroke-dasharray: 6 3; }
.line2 { stroke: #bf8700; } .line3 { stroke: #1a7f37; stroke-dasharray: 2 2; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; } .axis { stroke: #9198a1; }
  .line0 { stroke: #58a6ff; } .line1 { stroke: #ff7b72; } .line2 { stroke: #e3b341; } .line3 { stroke: #56d364; }
}
</style>
)";

struct Scale {
  double minutes;
  double decades;
  double x(double minute) const { return kLeft + (kRight - kLeft) * minute / minutes; }
  double y(double value) const { return kBottom - (kBottom - kTop) * std::log10(std::max(value, 1.0)) / decades; }
};

std::string path_of(const Line& line, const Scale& scale) {
  std::string points = fmt::format("M{:.1f} {:.1f}", scale.x(0), scale.y(0));
  const auto at = [&](std::size_t minute, double value) {
    points += fmt::format("L{:.1f} {:.1f}", scale.x(static_cast<double>(minute)), scale.y(value));
  };
  for (std::size_t minute = 0; minute < line.values.size(); minute += kMinutesAPoint) {
    const auto from = line.values.begin() + static_cast<std::ptrdiff_t>(minute);
    const auto until =
        line.values.begin() + static_cast<std::ptrdiff_t>(std::min(minute + kMinutesAPoint, line.values.size()));
    at(minute + kMinutesAPoint / 2, *std::max_element(from, until));
  }
  at(line.values.size() + kMinutesAPoint, 0);
  return points;
}

std::string axes(const Scale& scale) {
  std::string all;
  for (int decade = 0; decade <= static_cast<int>(scale.decades); ++decade) {
    const double y = scale.y(std::pow(10, decade));
    all += fmt::format("<path class=\"grid\" d=\"M{} {:.1f}H{}\"/>\n", kLeft, y, kRight);
    all += fmt::format("<text x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{:.0f}</text>\n", kLeft - 8, y + 4,
                       std::pow(10, decade));
  }
  for (std::size_t minute = 0; static_cast<double>(minute) <= scale.minutes; minute += kMinutesATick) {
    const double x = scale.x(static_cast<double>(minute));
    all += fmt::format("<path class=\"grid\" d=\"M{:.1f} {}V{}\"/>\n", x, kTop, kBottom);
    all += fmt::format("<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n", x, kBottom + 18, minute / 60);
  }
  all += fmt::format("<path class=\"axis\" fill=\"none\" d=\"M{} {}V{}H{}\"/>\n", kLeft, kTop, kBottom, kRight);
  all += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">hours since the renewal window opened</text>\n",
                     (kLeft + kRight) / 2, kBottom + 42);
  all += fmt::format(
      "<text transform=\"translate(22 {}) rotate(-90)\" text-anchor=\"middle\">requests in the busiest "
      "minute of five</text>\n",
      (kTop + kBottom) / 2);
  return all;
}

}  // namespace

std::string draw_chart(const std::string& title, const std::vector<Line>& lines) {
  std::size_t minutes = kMinutesATick;
  unsigned most = 10;
  for (const Line& line : lines) {
    minutes = std::max(minutes, line.values.size() + kMinutesAPoint);
    if (!line.values.empty()) {
      most = std::max(most, *std::max_element(line.values.begin(), line.values.end()));
    }
  }
  const Scale scale{static_cast<double>(minutes), std::ceil(std::log10(most))};
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">\n"
      "<title>{}</title>\n{}<text class=\"title\" x=\"{}\" y=\"26\">{}</text>\n{}",
      kWidth, kHeight, title, title, kStyle, kLeft, title, axes(scale));
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const double x = kLeft + (i % 2 == 0 ? 0 : 330);
    const double y = i < 2 ? 56 : 82;
    svg += fmt::format("<path class=\"line line{}\" d=\"M{} {}h34\"/>\n<text x=\"{}\" y=\"{}\">{}</text>\n", i, x,
                       y - 4, x + 42, y, lines[i].name);
    svg += fmt::format("<path class=\"line line{}\" d=\"{}\"/>\n", i, path_of(lines[i], scale));
  }
  return svg + "</svg>\n";
}

}  // namespace renewd::bench
