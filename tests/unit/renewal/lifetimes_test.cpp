// Thousands of certificates' lives in seconds: the real schedule under a virtual clock, in a world where everything
// goes wrong at random. What must hold all the same is in lifetimes/witness.
//
// A world is all in its seed. One that failed is lived again, and told line by line, with
//   RENEWD_SEED=123 build/dev/bin/lifetimes_test "NAME OF THE TEST"
#include <cstdlib>
#include <deque>
#include <iostream>
#include <string>

#include <fmt/format.h>

#include "core/text.hpp"
#include "lifetimes/host.hpp"
#include "support/catch.hpp"

using namespace renewd;
using namespace renewd::testing;
using namespace std::chrono_literals;
using std::chrono::days;
using std::chrono::seconds;

namespace {

constexpr TimePoint kStart{1'700'000'000s};

struct Life {
  Tally tally;
  std::optional<std::string> violation;
};

Life live(std::uint64_t seed, std::uint64_t lifetimes, Trace trace = {}) {
  Random random(seed);
  const Setup setup = draw_setup(random);
  World world(random.bits(), kStart);
  PlainMemory memory;
  Witness witness(setup, kStart);
  const auto issued = std::chrono::floor<seconds>(kStart) - setup.lifetime / 3;
  Host host(setup, world, memory, witness, random.bits(), {issued, issued + setup.lifetime}, std::move(trace));
  while (!witness.violation() && witness.tally(kStart).lifetimes < lifetimes) {
    if (world.next() < host.next()) {
      host.feel(world.happen());
    } else {
      world.pass(host.next());
      host.proceed();
    }
  }
  return {witness.tally(world.real()), witness.violation()};
}

// The last lines of a life.
std::string told(std::uint64_t seed, std::uint64_t lifetimes) {
  std::deque<std::string> lines;
  (void)live(seed, lifetimes, [&](Moment now, const std::string& line) {
    lines.push_back(fmt::format("{} (the host: {}) {}", format_time(now.real), format_time(now.clock), line));
    if (lines.size() > 60) {
      lines.pop_front();
    }
  });
  Random random(seed);
  std::string all = describe(draw_setup(random)) + "\n";
  for (const std::string& line : lines) {
    all += line + "\n";
  }
  return all;
}

void report(const Tally& tally) {
  std::cout << fmt::format(
      "{} lifetimes ({} renewed in their last week, {} expired), {} attempts, {} requests, {} looks (at most {} a day), "
      "{} s of virtual time ({} years)\n",
      tally.lifetimes, tally.late, tally.expired, tally.attempts, tally.requests, tally.looks, tally.busiest_day,
      tally.time.count(), tally.time / days(365));
}

}  // namespace

TEST_CASE("ten thousand certificates are renewed in time, whatever goes wrong") {
  constexpr std::uint64_t kLifetimes = 25;
  const char* const chosen = std::getenv("RENEWD_SEED");
  const std::uint64_t first = chosen != nullptr ? std::strtoull(chosen, nullptr, 10) : 1;
  const std::uint64_t last = chosen != nullptr ? first : 400;
  Tally all;
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    const Life life = live(seed, kLifetimes);
    all += life.tally;
    if (life.violation || chosen != nullptr) {
      INFO("seed " << seed << ": " << told(seed, kLifetimes));
      CAPTURE(life.violation.value_or("none"));
      CHECK_FALSE(life.violation);
    }
  }
  report(all);
}
