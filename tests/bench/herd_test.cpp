#include "chart.hpp"
#include "scenarios.hpp"
#include "support/catch.hpp"

using namespace renewd::bench;

namespace {

constexpr std::size_t kHosts = 100'000;

}  // namespace

TEST_CASE("a hundred thousand hosts that share an expiry ask evenly over the splay") {
  const Load load = run(scenarios().at(0), kHosts, 1);
  CHECK(load.total == kHosts);
  CHECK(load.minutes() == 24 * 60);
  CHECK(load.peak() <= 1.5 * load.mean());
}

TEST_CASE("after an outage the hosts that waited do not come back together") {
  const Scenario scenario = scenarios().at(2);
  const Load load = run(scenario, kHosts / 10, 1);
  const auto end =
      static_cast<std::size_t>((scenario.outage->from + scenario.outage->length) / std::chrono::minutes(1));
  CHECK(load.failed > 0);
  CHECK(load.total == kHosts / 10 + load.failed);
  // A quarter of the hosts waited. Together they would be 2,500 in the first minute.
  CHECK(load.peak_after(end) < 100);
}

TEST_CASE("the chart is an SVG without scripts") {
  const std::string svg = draw_chart("Title", {{"one", {1, 2, 3}}, {"none", {}}});
  CHECK_THAT(svg, Catch::Matchers::StartsWith("<svg ") && Catch::Matchers::EndsWith("</svg>\n"));
  CHECK_THAT(svg, !ContainsSubstring("script"));
}
