// Real daemons that share a certificate through a real etcd.
#include "support/catch.hpp"
#include "support/fleet_hosts.hpp"
#include "support/wait_until.hpp"

using namespace renewd::testing;

namespace {

constexpr std::chrono::seconds kDeadline{100};

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
