// Thousands of fleets, each with another course of events, held against the invariants of docs/fleet.md.
//
//   RENEWD_FLEET_SEED=4711 build/dev/bin/fleet_simulation_test      prints what happens with one seed
//   RENEWD_FLEET_SEEDS=100000 build/dev/bin/fleet_simulation_test   tries more of them
#include <cstdlib>
#include <string>

#include "simulation/world.hpp"
#include "support/catch.hpp"

using namespace renewd::testing;

// The address sanitizer's allocator also serves what is built without it, which is all that counts here
// (CMakeLists.txt): it need not look for anything.
extern "C" const char* __asan_default_options() {  // NOLINT(bugprone-reserved-identifier)
  return "poison_heap=0:max_malloc_fill_size=0:malloc_context_size=0:quarantine_size_mb=0:"
         "thread_local_quarantine_size_kb=0:alloc_dealloc_mismatch=0:detect_leaks=0";
}

namespace {

constexpr std::uint64_t kSeeds = 5000;

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

// Those from `first` on in steps of two: the two tests run beside each other.
void run_seeds(std::uint64_t first) {
  if (const auto seed = number("RENEWD_FLEET_SEED")) {
    const auto violations = World(*seed, *seed % 2 == first % 2).run();
    INFO(report(*seed, violations));
    CHECK(violations.empty());
    return;
  }
  const std::uint64_t seeds = number("RENEWD_FLEET_SEEDS").value_or(kSeeds);
  CHECK(seeds >= first);
  for (std::uint64_t seed = first; seed <= seeds; seed += 2) {
    const auto violations = World(seed, false).run();
    if (!violations.empty()) {
      FAIL_CHECK(report(seed, violations));
    }
  }
}

}  // namespace

TEST_CASE("the fleet keeps its invariants, whatever goes wrong: odd seeds") {
  run_seeds(1);
}

TEST_CASE("the fleet keeps its invariants, whatever goes wrong: even seeds") {
  run_seeds(2);
}
