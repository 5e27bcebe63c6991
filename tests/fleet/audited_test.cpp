// Fleets of real daemons in situations that a schedule meets rarely, checked by the auditor.
#include <signal.h>

#include <algorithm>

#include "fleet_trial.hpp"
#include "support/catch.hpp"

using namespace renewd;
using namespace renewd::testing;

namespace {

// The cloud gives no response yet, so this one still leads when this returns.
std::size_t wait_for_leader(FleetHosts& fleet) {
  std::size_t leader = 0;
  wait_or_fail(fleet, "a leader", [&] {
    for (leader = 0; leader < fleet.size(); ++leader) {
      if (has_logged(fleet, leader, "fleet_leading")) {
        return true;
      }
    }
    return false;
  });
  return leader;
}

// A keep-alive is due every 20 s.
constexpr std::chrono::seconds kSettled{5};

// Since its last call to etcd.
bool is_quiet(const FleetHosts& fleet, std::size_t host) {
  const auto calls = fleet.connections(host);
  return !calls.empty() && std::ranges::max(calls) < std::chrono::system_clock::now() - kSettled;
}

}  // namespace

TEST_CASE("fleet: of two hosts that both lead, the later certificate wins, and the other one is set aside") {
  if (!EtcdCluster::is_installed()) {
    return;
  }
  FleetHosts fleet(quick_takeover());
  FleetRecorder recorder(fleet);
  fleet.cloud().process().send_signal(SIGSTOP);
  fleet.start_all();
  const std::size_t leader = wait_for_leader(fleet);
  fleet.set_network(leader, Network::cut);
  fleet.cloud().process().send_signal(SIGCONT);
  wait_or_fail(fleet, "the first answer", [&] { return has_logged(fleet, leader, "renewal_answered"); });
  // It is missing for too long, and another host takes over.
  wait_for_takeover(fleet, recorder, leader);
  CHECK(fleet.host(leader).restarts() == 0);
  fleet.set_network(leader, Network::works);
  wait_or_fail(fleet, "the later certificate everywhere", [&] { return fleet.hosts_that_use(1) == fleet.size(); });
  CHECK(fleet.cloud().request_count() == 2);
  check_history(fleet, recorder, 1);
}

TEST_CASE("fleet: a leader that is stopped for longer than the takeover does no harm when it goes on") {
  if (!EtcdCluster::is_installed()) {
    return;
  }
  FleetHosts fleet(quick_takeover());
  FleetRecorder recorder(fleet);
  fleet.cloud().process().send_signal(SIGSTOP);
  fleet.start_all();
  const std::size_t leader = wait_for_leader(fleet);
  fleet.daemon(leader).send_signal(SIGSTOP);
  fleet.cloud().process().send_signal(SIGCONT);
  wait_for_takeover(fleet, recorder, leader);
  fleet.daemon(leader).send_signal(SIGCONT);
  check_history(fleet, recorder, 1);
  CHECK(fleet.cloud().request_count() <= 2);
}

TEST_CASE("fleet: twenty hosts, one request, a canary, then three gateways at once") {
  if (!EtcdCluster::is_installed()) {
    return;
  }
  FleetOptions options;
  options.hosts = 20;
  options.fleet = {"restart_at_once: 3"};
  FleetHosts fleet(options);
  FleetRecorder recorder(fleet);
  fleet.start_all();
  wait_or_fail(fleet, "the certificate everywhere", [&] { return fleet.hosts_that_use(0) == fleet.size(); });
  CHECK(fleet.cloud().request_count() == 1);
  CHECK(fleet.most_down_at_once() <= 3);
  check_history(fleet, recorder, 3);
}

TEST_CASE("fleet: idle hosts make one call in 20 seconds") {
  if (!EtcdCluster::is_installed()) {
    return;
  }
  FleetOptions options;
  options.proxied = true;
  FleetHosts fleet(options);
  FleetRecorder recorder(fleet);
  fleet.start_all();
  check_history(fleet, recorder, 1);
  const auto all = [&fleet](const std::function<bool(std::size_t)>& condition) {
    for (std::size_t i = 0; i < fleet.size(); ++i) {
      if (!condition(i)) {
        return false;
      }
    }
    return true;
  };
  wait_or_fail(fleet, "silence", [&] { return all([&](std::size_t i) { return is_quiet(fleet, i); }); });
  const TimePoint from = std::chrono::system_clock::now();
  const auto calls_since = [&fleet, from](std::size_t i) {
    return std::ranges::count_if(fleet.connections(i), [from](TimePoint time) { return time >= from; });
  };
  wait_or_fail(fleet, "three calls of each", [&] { return all([&](std::size_t i) { return calls_since(i) >= 3; }); });
  FleetHistory history = recorder.history(1, true);
  history.idle_from = from;
  history.idle_until = std::chrono::system_clock::now();
  for (std::size_t i = 0; i < fleet.size(); ++i) {
    for (const TimePoint time : fleet.connections(i)) {
      history.idle_calls.push_back({time, member_name(i)});
    }
  }
  check(fleet, history);
}
