#include "scenarios.hpp"

#include <algorithm>
#include <random>

#include <fmt/format.h>

#include "renewal/schedule.hpp"

namespace renewd::bench {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;
using std::chrono::seconds;

// The renewal window of 30 days opens at noon.
constexpr std::chrono::sys_seconds kOpens = std::chrono::sys_days(std::chrono::year{2027} / 1 / 1) + 12h;
constexpr renewal::Validity kShared{kOpens - days(335), kOpens + days(30)};

configuration::MaintenanceWindow every_night() {
  configuration::MaintenanceWindow window;
  window.from = 2h;
  window.to = 5h;
  window.timezone = TimeZone::find("UTC").value_or(TimeZone());
  return window;
}

bool is_out(const Scenario& scenario, TimePoint now) {
  return scenario.outage && now >= kOpens + scenario.outage->from &&
         now < kOpens + scenario.outage->from + scenario.outage->length;
}

void count(Load& load, TimePoint now) {
  const auto minute = static_cast<std::size_t>((now - kOpens) / 1min);
  load.requests.resize(std::max(load.requests.size(), minute + 1));
  ++load.requests[minute];
  ++load.total;
}

// One host, from before the window opens until its request is answered.
void renew(renewal::Schedule schedule, const Scenario& scenario, Load& load) {
  renewal::Situation situation{kShared};
  TimePoint now = kOpens - 1h;
  while (true) {
    const renewal::Step step = schedule.next(situation, now);
    now = step.at;
    if (step.act == renewal::Act::wait) {
      continue;
    }
    count(load, now);
    if (!is_out(scenario, now)) {
      return;
    }
    ++load.failed;
    situation.requests.push_back(now);
    schedule.failed({ErrorKind::server_error, "HTTP 503"}, kShared.not_after, now);
  }
}

}  // namespace

std::vector<Scenario> scenarios() {
  configuration::ScheduleSettings at_once;
  at_once.splay = 0s;
  return {{"splay 24h", {}, {}, {}},
          {"splay 0", at_once, {}, {}},
          {"splay 24h, the cloud out for 6 h", {}, {}, Outage{9h, 6h}},
          {"splay 24h, renew_windows 02:00 to 05:00", {}, {every_night()}, {}}};
}

std::size_t Load::minutes() const {
  return requests.size() - static_cast<std::size_t>(std::count(requests.begin(), requests.end(), 0U));
}

double Load::mean() const {
  return static_cast<double>(total) / static_cast<double>(std::max<std::size_t>(minutes(), 1));
}

unsigned Load::peak() const {
  return peak_after(0);
}

unsigned Load::peak_after(std::size_t minute) const {
  unsigned peak = 0;
  for (std::size_t i = minute; i < requests.size(); ++i) {
    peak = std::max(peak, requests[i]);
  }
  return peak;
}

Load run(const Scenario& scenario, std::size_t hosts, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  configuration::CertificateSettings certificate;
  certificate.name = "production";
  certificate.renew_windows = scenario.renew_windows;
  Load load;
  for (std::size_t i = 0; i < hosts; ++i) {
    const std::string machine_id = fmt::format("{:016x}{:016x}\n", random(), random());
    const auto offset = renewal::splay_offset(machine_id, certificate.name, scenario.schedule.splay);
    renew({certificate, scenario.schedule, offset, {}, random()}, scenario, load);
  }
  return load;
}

}  // namespace renewd::bench
