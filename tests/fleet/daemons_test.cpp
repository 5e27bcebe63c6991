// Real daemons that share a certificate through a real etcd.
#include "support/catch.hpp"
#include "support/fleet_hosts.hpp"
#include "support/wait_until.hpp"

using namespace renewd::testing;

namespace {

constexpr std::chrono::seconds kDeadline{150};

// All that the daemons have logged, for a test that fails.
std::string logs(const FleetHosts& fleet) {
  std::string text;
  for (std::size_t i = 0; i < fleet.size(); ++i) {
    text += "--- gateway-" + std::to_string(i) + "\n" + fleet.log(i);
  }
  return text;
}

// Until all hosts use the certificate that was issued as the `index`th.
void wait_for_all(FleetHosts& fleet, std::size_t index) {
  try {
    wait_until([&] { return fleet.hosts_that_use(index) == fleet.size(); }, kDeadline);
  } catch (const std::exception&) {
    FAIL(logs(fleet));
  }
}

std::size_t restarts_of_all(FleetHosts& fleet) {
  std::size_t sum = 0;
  for (std::size_t i = 0; i < fleet.size(); ++i) {
    sum += fleet.host(i).restarts();
  }
  return sum;
}

// Until the daemons have logged an event so often, all together.
void wait_for_event(const FleetHosts& fleet, const std::string& name, std::size_t times = 1) {
  const std::string text = "\"event\":\"" + name + "\"";
  const auto logged = [&] {
    const std::string all = logs(fleet);
    std::size_t found = 0;
    for (auto at = all.find(text); at != std::string::npos; at = all.find(text, at + 1)) {
      ++found;
    }
    return found >= times;
  };
  try {
    wait_until(logged, kDeadline);
  } catch (const std::exception&) {
    FAIL(name << " is not logged\n" << logs(fleet));
  }
}

}  // namespace

TEST_CASE("fleet: one request for all hosts, which restart one after the other") {
  if (!EtcdCluster::is_installed()) {
    return;
  }
  FleetHosts fleet;
  fleet.start_all();
  wait_for_all(fleet, 0);
  INFO(logs(fleet));
  CHECK(fleet.cloud().request_count() == 1);
  CHECK(fleet.most_down_at_once() == 1);
  CHECK(restarts_of_all(fleet) == fleet.size());
  for (std::size_t i = 0; i < fleet.size(); ++i) {
    fleet.stop(i);
    check_no_secret(fleet.log(i));
  }
  // Nothing that etcd has stored contains a key or a password of ours.
  CHECK_FALSE(fleet.etcd().has_in_files("PRIVATE KEY"));
  CHECK_FALSE(fleet.etcd().has_in_files(kKeystorePassword));
  CHECK_FALSE(fleet.etcd().has_in_files(kAccountToken));
}

TEST_CASE("fleet: a gateway that fails with the new certificate halts the restarts of the others") {
  if (!EtcdCluster::is_installed()) {
    return;
  }
  FleetHosts fleet;
  for (std::size_t i = 0; i < fleet.size(); ++i) {
    fleet.break_gateway(i, true);
  }
  fleet.start_all();
  wait_for_event(fleet, "fleet_halted");
  INFO(logs(fleet));
  std::size_t tried = 0;
  for (std::size_t i = 0; i < fleet.size(); ++i) {
    tried += fleet.host(i).restarts() > 0 ? 1U : 0U;
  }
  CHECK(tried == 1);
  CHECK(fleet.cloud().request_count() == 1);
  CHECK(fleet.hosts_that_use(0) == 0);
  const CommandResult status = fleet.command(0, {"fleet", "status"});
  CHECK(status.status == 0);
  CHECK_THAT(status.output, ContainsSubstring("halted"));
}

TEST_CASE("fleet: when members of etcd die on the way, every host still gets the one certificate") {
  if (!EtcdCluster::is_installed()) {
    return;
  }
  FleetHosts fleet;
  fleet.start_all();
  wait_for_event(fleet, "renewal_requested");
  const std::size_t leader = fleet.etcd().leader();
  fleet.etcd().kill(leader);
  SECTION("one, for good") {}
  SECTION("the quorum, for a moment") {
    fleet.etcd().kill((leader + 1) % 3);
    fleet.etcd().start((leader + 1) % 3);
  }
  wait_for_all(fleet, 0);
  INFO(logs(fleet));
  CHECK(fleet.cloud().request_count() == 1);
  CHECK(fleet.most_down_at_once() == 1);
  CHECK(restarts_of_all(fleet) == fleet.size());
}

TEST_CASE("fleet: without a quorum nobody restarts, which is logged after a minute", "[.fleet_long]") {
  if (!EtcdCluster::is_installed()) {
    return;
  }
  FleetHosts fleet;
  fleet.start_all();
  wait_for_event(fleet, "renewal_requested");
  fleet.etcd().kill(0);
  fleet.etcd().kill(1);
  wait_for_event(fleet, "fleet_unreachable");
  fleet.etcd().start(0);
  wait_for_all(fleet, 0);
  INFO(logs(fleet));
  CHECK(fleet.cloud().request_count() == 1);
  CHECK(fleet.most_down_at_once() == 1);
}

TEST_CASE("fleet: a host that dies after the request is known, and the next one finds its way") {
  if (!EtcdCluster::is_installed()) {
    return;
  }
  FleetHosts fleet;
  fleet.start_all();
  wait_for_event(fleet, "fleet_published");
  // Whoever it is: each of them dies once, and comes back.
  for (std::size_t i = 0; i < fleet.size(); ++i) {
    fleet.kill(i);
    fleet.start(i);
  }
  wait_for_all(fleet, 0);
  INFO(logs(fleet));
  CHECK(fleet.cloud().request_count() == 1);
}
