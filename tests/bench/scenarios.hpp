// A fleet whose certificates all expire in the same second: when do its hosts ask the cloud? The daemon's own schedule
// decides for each of them; nothing here spreads anything.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "configuration/settings.hpp"

namespace renewd::bench {

struct Outage {
  std::chrono::seconds from;  // since the renewal window opened
  std::chrono::seconds length;
};

struct Scenario {
  std::string name;
  configuration::ScheduleSettings schedule;
  std::vector<configuration::MaintenanceWindow> renew_windows;
  std::optional<Outage> outage;  // every request gets HTTP 503
};

// The four of docs/benchmarks/herd.md.
std::vector<Scenario> scenarios();

struct Load {
  std::vector<unsigned> requests;  // by the minute since the renewal window opened; failed ones are requests, too
  std::size_t total = 0;
  std::size_t failed = 0;

  std::size_t minutes() const;  // with a request
  double mean() const;          // over those
  unsigned peak() const;
  unsigned peak_after(std::size_t minute) const;
};

// `seed` chooses the machine ids and the jitter.
Load run(const Scenario& scenario, std::size_t hosts, std::uint64_t seed);

}  // namespace renewd::bench
