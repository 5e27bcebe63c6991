// Thousands of certificates' lives in seconds: the real schedule under a virtual clock, in a world where everything
// goes wrong at random. What must hold all the same is in lifetimes/witness.
//
// A world is all in its seed. One in which something is broken prints its seed and its last lines, and is lived again
// alone with
//   RENEWD_SEED=123 build/dev/bin/lifetimes_test "certificates are renewed in time whatever goes wrong"
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "core/text.hpp"
#include "lifetimes/host.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace renewd;
using namespace renewd::testing;
using namespace std::chrono_literals;
using std::chrono::days;
using std::chrono::seconds;

namespace {

constexpr TimePoint kStart{1'700'000'000s};

// A host, and all that is around it.
class Life {
 public:
  Life(Setup setup, std::uint64_t seed, Memory& memory, Trace trace = {})
      : setup_(std::move(setup)),
        random_(seed),
        world_(random_.bits(), kStart),
        witness_(setup_, kStart),
        host_(setup_, world_, memory, witness_, random_.bits(), first_certificate(), std::move(trace)) {}

  bool goes_on() const { return !witness_.violation(); }
  Tally tally() const { return witness_.tally(world_.real()); }
  const std::optional<std::string>& violation() const { return witness_.violation(); }

  void step() {
    if (world_.next() < host_.next()) {
      host_.feel(world_.happen());
    } else {
      world_.pass(host_.next());
      host_.proceed();
    }
  }
  void live_for(seconds time) {
    const auto until = tally().time + time;
    while (goes_on() && tally().time < until) {
      step();
    }
  }

 private:
  renewal::Validity first_certificate() const {
    const auto issued = std::chrono::floor<seconds>(kStart) - setup_.lifetime / 3;
    return {issued, issued + setup_.lifetime};
  }

  Setup setup_;
  Random random_;
  World world_;
  Witness witness_;
  Host host_;
};

constexpr std::uint64_t kLifetimes = 25;  // of one world

Setup setup_of(std::uint64_t seed, Windows windows) {
  Random random(~seed);
  return draw_setup(random, windows);
}

std::optional<std::string> live(std::uint64_t seed, Windows windows, Tally& all, Trace trace = {}) {
  PlainMemory memory;
  Life life(setup_of(seed, windows), seed, memory, std::move(trace));
  while (life.goes_on() && life.tally().lifetimes < kLifetimes) {
    life.step();
  }
  all += life.tally();
  return life.violation();
}

// The last lines of a life.
std::string told(std::uint64_t seed, Windows windows) {
  std::deque<std::string> lines;
  Tally tally;
  (void)live(seed, windows, tally, [&](Moment now, const std::string& line) {
    lines.push_back(fmt::format("{} (the host: {}) {}\n", format_time(now.real), format_time(now.clock), line));
    if (lines.size() > 60) {
      lines.pop_front();
    }
  });
  std::string all = describe(setup_of(seed, windows)) + "\n";
  for (const std::string& line : lines) {
    all += line;
  }
  return all;
}

void report(const Tally& tally) {
  std::cout << fmt::format(
      "{} lifetimes ({} renewed in their last week, {} expired), {} attempts, {} requests, {} checks (at most {} a "
      "day), {} s of virtual time ({} years)\n",
      tally.lifetimes, tally.late, tally.expired, tally.attempts, tally.requests, tally.checks, tally.busiest_day,
      tally.time.count(), tally.time / days(365));
}

void live_in_many_worlds(std::uint64_t first, std::uint64_t last, Windows windows) {
  const char* const chosen = std::getenv("RENEWD_SEED");
  if (chosen != nullptr) {
    first = last = std::strtoull(chosen, nullptr, 10);
  }
  Tally all;
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    const auto violation = live(seed, windows, all);
    if (violation) {
      INFO("seed " << seed << ": " << told(seed, windows));
      CAPTURE(*violation);
      CHECK_FALSE(violation);
    }
  }
  report(all);
  // A world in which nothing goes wrong shows nothing.
  CHECK((chosen != nullptr || all.late > all.lifetimes / 10));
  CHECK((chosen != nullptr || all.lifetimes >= (last - first) * kLifetimes));
}

std::size_t open_files() {
  const std::filesystem::directory_iterator files("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(files), end(files)));
}

std::size_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::size_t total = 0;
  std::size_t resident = 0;
  file >> total >> resident;
  REQUIRE(resident > 0);
  return resident * 4096;
}

}  // namespace

TEST_CASE("certificates are renewed in time despite failures of every kind") {
  live_in_many_worlds(1, 200, Windows::none);
}

TEST_CASE("certificates are renewed in time and in their maintenance windows despite failures of every kind") {
  live_in_many_worlds(1001, 1200, Windows::some);
}

TEST_CASE("a certificate that is only watched is checked now and then, and no more often after it has expired") {
  Setup setup = setup_of(1, Windows::none);
  setup.certificate.renew = configuration::RenewMode::never;
  PlainMemory memory;
  Life life(setup, 1, memory);
  life.live_for(3 * setup.lifetime);
  CHECK(life.violation().value_or("") == "");
  CHECK(life.tally().requests == 0);
}

TEST_CASE("state on the disk leads to the same life as state in memory") {
  const auto life_with = [](Memory& memory) {
    std::vector<std::string> lines;
    Life life(setup_of(3, Windows::some), 3, memory, [&](Moment, const std::string& line) { lines.push_back(line); });
    life.live_for(days(400));
    CHECK(life.violation().value_or("") == "");
    return lines;
  };
  const TemporaryDirectory directory;
  PlainMemory plain;
  DiskMemory disk(directory.path());
  const auto lines = life_with(plain);
  CHECK(lines.size() > 50);
  CHECK(life_with(disk) == lines);
}

TEST_CASE("a century leaks neither descriptors nor memory") {
  const TemporaryDirectory directory;
  DiskMemory memory(directory.path());
  Setup setup{};
  setup.certificate.name = "production";
  setup.offset = 5h;
  setup.lifetime = days(365);
  Life life(setup, 5, memory);
  life.live_for(days(365));
  const auto files = open_files();
  const auto bytes = resident_bytes();
  life.live_for(99 * days(365));
  CHECK(life.violation().value_or("") == "");
  CHECK(open_files() == files);
#ifdef RENEWD_SANITIZED
  (void)bytes;  // the sanitizer keeps what was freed for a while, and looks for leaks at the end itself
#else
  CHECK(resident_bytes() < bytes + 32 * 1024 * 1024);
#endif
  report(life.tally());
}
