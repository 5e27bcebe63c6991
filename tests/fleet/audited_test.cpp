// Fleets of real daemons in situations that a schedule meets rarely, checked by the auditor.
#include <signal.h>

#include <algorithm>

#include "fleet_history.hpp"
#include "support/catch.hpp"
#include "support/wait_until.hpp"

using namespace renewd;
using namespace renewd::testing;

namespace {

constexpr std::chrono::seconds kDeadline{240};

std::string logs(const FleetHosts& fleet) {
  std::string text;
  for (std::size_t i = 0; i < fleet.size(); ++i) {
    text += "--- gateway-" + std::to_string(i) + "\n" + fleet.log(i);
  }
  return text;
}

void wait_or_fail(const FleetHosts& fleet, const std::string& what, const std::function<bool()>& condition) {
  try {
    wait_until(condition, kDeadline);
  } catch (const std::exception&) {
    FAIL("waited for this in vain: " << what << "\n" << logs(fleet));
  }
}

bool has_logged(const FleetHosts& fleet, std::size_t host, const std::string& name) {
  return fleet.log(host).find("\"event\":\"" + name + "\"") != std::string::npos;
}

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

bool is_at_rest(FleetRecorder& recorder, std::size_t hosts) {
  recorder.catch_up();
  const fleet::View& view = recorder.view();
  return view.renewal.value && !view.renewal.value->claim && view.rollout.value &&
         view.rollout.value->holders.empty() && view.generation.value && view.members.size() == hosts &&
         std::ranges::all_of(view.members, [&view](const auto& member) {
           return member.second.value && member.second.value->in_use &&
                  member.second.value->in_use->fingerprint == view.generation.value->header.certificate.fingerprint;
         });
}

void check_history(FleetHosts& fleet, FleetRecorder& recorder, unsigned restart_at_once) {
  wait_or_fail(fleet, "rest", [&] { return is_at_rest(recorder, fleet.size()); });
  for (const auto& violation : audit(recorder.history(restart_at_once, true))) {
    FAIL_CHECK("invariant " << violation.invariant << ": " << violation.what << "\n" << logs(fleet));
  }
}

// Until another host than that one has published a certificate.
void wait_for_takeover(FleetHosts& fleet, FleetRecorder& recorder, std::size_t leader) {
  wait_or_fail(fleet, "a published certificate", [&] {
    recorder.catch_up();
    return recorder.view().generation.value.has_value();
  });
  CHECK(recorder.view().generation.value->header.published_by != member_name(leader));
}

FleetOptions quick_takeover() {
  FleetOptions options;
  options.fleet = {"takeover_after: 20s"};
  options.top_level = {"schedule: {splay: 0s, retry_at_least: 1s, retry_at_most: 2s}"};
  options.request_timeout = std::chrono::seconds(10);
  options.proxied = true;
  return options;
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
