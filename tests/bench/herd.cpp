// How a fleet asks the cloud: herd [HOSTS [CHART.svg]]. Prints the table of docs/benchmarks/herd.md.
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "chart.hpp"
#include "scenarios.hpp"

using namespace renewd::bench;

namespace {

constexpr std::uint64_t kSeed = 1;

std::string row(const Scenario& scenario, const Load& load) {
  std::string after = "–";
  if (scenario.outage) {
    const auto end = scenario.outage->from + scenario.outage->length;
    after = fmt::format("{}", load.peak_after(static_cast<std::size_t>(end / std::chrono::minutes(1))));
  }
  return fmt::format("| {} | {} | {} | {} | {:.1f} | {} | {:.2f} | {} |\n", scenario.name, load.total, load.failed,
                     load.minutes(), load.mean(), load.peak(), load.peak() / load.mean(), after);
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t hosts = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 100'000;
  std::cout << "| | requests | of them failed | minutes with requests | mean of them | peak | peak / mean | peak after "
               "the outage |\n|---|--:|--:|--:|--:|--:|--:|--:|\n";
  std::vector<Line> lines;
  for (const Scenario& scenario : scenarios()) {
    Load load = run(scenario, hosts, kSeed);
    std::cout << row(scenario, load) << std::flush;
    lines.push_back({scenario.name, std::move(load.requests)});
  }
  if (argc > 2) {
    std::ofstream file(argv[2]);
    file << draw_chart(fmt::format("Requests of {} hosts whose certificates expire in the same second", hosts), lines);
    if (!file.flush()) {
      std::cerr << "writing the chart: " << argv[2] << '\n';
      return 1;
    }
  }
  return 0;
}
