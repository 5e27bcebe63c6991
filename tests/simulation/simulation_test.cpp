// Thousands of fleets, each with another course of events, held against the invariants of docs/fleet.md.
//
//   RENEWD_FLEET_SEED=4711 build/dev/bin/fleet_simulation_test      prints what happens with one seed
//   RENEWD_FLEET_SEEDS=100000 build/dev/bin/fleet_simulation_test   tries more of them
#include <cstdlib>
#include <string>

#include "simulation/world.hpp"
#include "support/catch.hpp"

using namespace renewd::testing;

namespace {

#ifdef RENEWD_SANITIZED
constexpr std::uint64_t kSeeds = 1000;
#else
constexpr std::uint64_t kSeeds = 5000;
#endif

std::optional<std::uint64_t> number(const char* variable) {
  const char* const text = std::getenv(variable);  // NOLINT(concurrency-mt-unsafe): one thread
  return text == nullptr ? std::nullopt : std::optional(std::strtoull(text, nullptr, 10));
}

std::string report(std::uint64_t seed, const std::vector<Violation>& violations) {
  std::string text = "seed " + std::to_string(seed) + ":\n";
  for (const auto& violation : violations) {
    text += "  invariant " + std::to_string(violation.invariant) + ": " + violation.what + "\n";
  }
  return text + "RENEWD_FLEET_SEED=" + std::to_string(seed) + " shows what happened";
}

}  // namespace

TEST_CASE("the fleet keeps its invariants, whatever goes wrong") {
  if (const auto seed = number("RENEWD_FLEET_SEED")) {
    const auto violations = World(*seed, true).run();
    INFO(report(*seed, violations));
    CHECK(violations.empty());
    return;
  }
  const std::uint64_t seeds = number("RENEWD_FLEET_SEEDS").value_or(kSeeds);
  CHECK(seeds > 0);
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const auto violations = World(seed, false).run();
    if (!violations.empty()) {
      FAIL_CHECK(report(seed, violations));
    }
  }
}
