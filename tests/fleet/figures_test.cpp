// What a fleet costs, measured by hand with a binary without sanitizers (docs/benchmarks/fleet.md has the commands).
#include <algorithm>
#include <iostream>
#include <sstream>
#include <thread>

#include <fmt/format.h>

#include "core/text.hpp"
#include "fleet_history.hpp"
#include "support/catch.hpp"
#include "support/wait_until.hpp"

using namespace renewd;
using namespace renewd::testing;

namespace {

using namespace std::chrono_literals;
constexpr std::chrono::seconds kDeadline{300};
constexpr auto kSettled = 15s;
constexpr auto kIdle = 120s;

// KiB, of a line of smaps_rollup.
long memory(pid_t pid, const std::string& name) {
  std::istringstream words(read_file("/proc/" + std::to_string(pid) + "/smaps_rollup"));
  for (std::string word; words >> word;) {
    if (word == name + ":") {
      long kib = 0;
      words >> kib;
      return kib;
    }
  }
  return 0;
}

std::optional<TimePoint> when(const FleetHosts& fleet, std::size_t host, std::string_view event) {
  const auto found = find_event(fleet.events(host), event);
  return found ? std::optional(time_of(*found)) : std::nullopt;
}

double seconds(TimePoint::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

TEST_CASE("figures: from the publication to the last of 50 hosts", "[.figures]") {
  FleetOptions options;
  options.hosts = 50;
  options.fleet = {"restart_at_once: 50"};
  FleetHosts fleet(options);
  fleet.start_all();
  wait_until([&] { return fleet.hosts_that_use(0) == fleet.size(); }, kDeadline);
  TimePoint published;
  TimePoint adopted;
  TimePoint canary = TimePoint::max();
  TimePoint installed;
  for (std::size_t i = 0; i < fleet.size(); ++i) {
    published = std::max(published, when(fleet, i, "fleet_published").value_or(TimePoint()));
    adopted = std::max(adopted, when(fleet, i, "fleet_following").value_or(TimePoint()));
    canary = std::min(canary, when(fleet, i, "gateway_activated").value_or(TimePoint::max()));
    installed = std::max(installed, when(fleet, i, "keystore_installed").value_or(TimePoint()));
  }
  std::cout << fmt::format(
      "{:.2f} s until the last has adopted it, {:.2f} s until the canary's gateway runs, "
      "{:.2f} s until the last has installed it\n",
      seconds(adopted - published), seconds(canary - published), seconds(installed - published));
}

TEST_CASE("figures: an idle host", "[.figures]") {
  FleetOptions options;
  options.proxied = true;
  FleetHosts fleet(options);
  const Host without;
  BackgroundProcess alone(without.daemon_command());
  fleet.start_all();
  wait_until([&] { return fleet.hosts_that_use(0) == fleet.size() && without.restarts() > 0; }, kDeadline);
  std::this_thread::sleep_for(kSettled);
  const std::size_t before = fleet.connections(0).size();
  std::this_thread::sleep_for(kIdle);
  std::cout << fmt::format("{} connections in {}, watch included if it was opened again\n",
                           fleet.connections(0).size() - before, format_duration(kIdle));
  for (const char* kind : {"Rss", "Pss"}) {
    std::cout << fmt::format("{}: {} KiB with, {} KiB without a fleet\n", kind, memory(fleet.daemon(0).pid(), kind),
                             memory(alone.pid(), kind));
  }
}
