#include "fleet/transactions.hpp"
#include "fleet_hosts.hpp"

using namespace renewd;
using namespace renewd::supervision;
using namespace renewd::testing;
using namespace std::chrono_literals;

namespace {

bool all_verified(FleetOfHosts& fleet) {
  return fleet.rollout().verified.size() == fleet.hosts.size();
}

}  // namespace

TEST_CASE("hosts that are due request one certificate, and all use it") {
  FleetOfHosts fleet({"a", "b", "c"});
  fleet.start();
  fleet.run_until([&] { return all_verified(fleet); });

  CHECK(fleet.requests() == 1);
  for (auto& host : fleet.hosts) {
    CHECK(host.installed() == keystores().renewed);
    CHECK(host.world.gateway.activations == 1);
  }
  CHECK(fleet.rollout().holders.empty());
  CHECK_FALSE(fleet.view().renewal.value->claim);
  CHECK(fleet.view().generation.value->header.generation == 1);
}

TEST_CASE("gateways of a fleet restart one after the other") {
  FleetOfHosts fleet({"a", "b", "c"});
  for (auto& host : fleet.hosts) {
    host.etcd.restart_at_once = 2;
    // The canary restarts alone.
    host.world.gateway.on_activate = [&fleet, &host] {
      const auto rollout = fleet.rollout();
      CHECK(rollout.holder(host.member()) != nullptr);
      CHECK(rollout.holders.size() <= (rollout.verified.empty() ? 1U : 2U));
    };
  }
  fleet.start();
  fleet.run_until([&] { return all_verified(fleet); });
}

TEST_CASE("a follower with another password and alias gets a keystore of its own kind") {
  FleetOfHosts fleet({"a", "b"});
  FleetHost& follower = fleet["b"];
  follower.world.settings.keystore.password->value = Secret("another");
  write_file(follower.world.keystore, [] {
    const TemporaryDirectory directory;
    write_file(directory / "in", keystores().installed);
    run_or_throw({"openssl", "pkcs12", "-in", (directory / "in").string(), "-nodes", "-passin", "pass:changeit", "-out",
                  (directory / "pem").string()});
    run_or_throw({"openssl", "pkcs12", "-export", "-in", (directory / "pem").string(), "-name", "mine", "-passout",
                  "pass:another", "-out", (directory / "out").string()});
    return read_file(directory / "out");
  }());
  follower.world.cloud.response = failure(ErrorKind::connect, "no way to the cloud");
  fleet.start(fleet["a"]);
  fleet.run_until([&] { return fleet.rollout().verified.size() == 1; });
  fleet.start(follower);
  fleet.run_until([&] { return all_verified(fleet); });

  const auto installed = follower.world.installed();
  REQUIRE(installed);
  CHECK(installed->keystore.alias == "mine");
  CHECK(installed->keystore.certificate.fingerprint_sha256() ==
        fleet["a"].world.installed()->keystore.certificate.fingerprint_sha256());
}

TEST_CASE("a canary that fails is rolled back, and halts the others, until an operator lets them go on") {
  FleetOfHosts fleet({"a", "b"});
  refuse_the_new_one(fleet["a"].world);
  fleet.start(fleet["a"]);
  fleet.run_until([&] { return fleet.rollout().halt.has_value(); });
  fleet.start(fleet["b"]);
  fleet.run_until([&] { return fleet.view().members.contains("b/production"); });

  CHECK(fleet["a"].installed() == keystores().installed);
  CHECK(fleet.rollout().halt->reason == fleet::HaltReason::failed);
  CHECK(fleet.rollout().halt->member == "a/production");
  CHECK(fleet["b"].world.gateway.activations == 0);
  CHECK_THAT(fleet["b"].world.events(), ContainsSubstring("fleet_halted"));

  const auto view = fleet.view();
  REQUIRE(
      fleet.etcd.commit(fleet::write_rollout(view, fleet.keys, fleet::resumed(*view.rollout.value, view)))->succeeded);
  fleet.run_until([&] { return !fleet.rollout().verified.empty(); });
  CHECK(fleet["b"].installed() == keystores().renewed);
  CHECK_THAT(fleet["b"].world.events(), ContainsSubstring("fleet_resumed"));
}

TEST_CASE("a host that is lost in its turn halts the others, and once it is back it ends its turn, and they go on") {
  FleetOfHosts fleet({"a", "b"});
  FleetHost& lost = fleet["a"];
  bool activating = false;
  lost.world.gateway.on_activate = [&] {
    activating = true;
    lost.world.gateway.activation = failure(ErrorKind::cancelled, "stopped");
  };
  fleet.start(lost);
  fleet.run_until([&] { return activating; });
  fleet.stop(lost);
  REQUIRE(fleet.rollout().holder("a/production") != nullptr);
  fleet.start(fleet["b"]);
  fleet.run_until([&] { return fleet.view().members.contains("b/production"); });
  CHECK_FALSE(fleet.rollout().halt);
  fleet.pass(10min);
  fleet.run_until([&] { return fleet.rollout().halt.has_value(); });
  CHECK(fleet.rollout().halt->reason == fleet::HaltReason::lost);
  CHECK(fleet["b"].world.gateway.activations == 0);

  lost.world.gateway.on_activate = [] {};
  lost.world.gateway.activation = gateway::Activation{gateway::Use::in_use, "restarted"};
  fleet.start(lost);
  fleet.run_until([&] { return all_verified(fleet); });
  CHECK(fleet.requests() == 1);
}

TEST_CASE("a failed request ends the claim, and another host may try after the fleet's delay") {
  FleetOfHosts fleet({"a", "b"});
  fleet["a"].world.cloud.response = failure(ErrorKind::server_error, "HTTP 503");
  fleet.start(fleet["a"]);
  fleet.run_until([&] { return fleet.view().renewal.value && fleet.view().renewal.value->failures == 1; });
  const auto renewal = *fleet.view().renewal.value;
  CHECK_FALSE(renewal.claim);
  CHECK(renewal.failed->failure_class == "server_error");
  CHECK(renewal.wait >= 1s);

  fleet.start(fleet["b"]);
  fleet.run_until([&] { return fleet.view().members.contains("b/production"); });
  CHECK(fleet.requests() == 1);
  fleet.pass(renewal.wait + 1s);
  fleet.run_until([&] { return all_verified(fleet); });
  CHECK(fleet["b"].world.cloud.requests == 1);
}

TEST_CASE("a claim of a host that is gone is taken over") {
  FleetOfHosts fleet({"a", "b"});
  const auto view = fleet.view();
  REQUIRE(fleet.etcd
              .commit(fleet::write_renewal(
                  view, fleet.keys, fleet::claimed(view, {"x", "gone/production", fleet["a"].world.clock.now()})))
              ->succeeded);
  fleet.start();
  fleet.run_until([&] { return fleet.view().members.size() == 2; });
  CHECK(fleet.requests() == 0);
  fleet.pass(14min);
  fleet.settle();
  CHECK(fleet.requests() == 0);
  fleet.pass(1min);
  fleet.run_until([&] { return all_verified(fleet); });
  CHECK(fleet.requests() == 1);
}

TEST_CASE("a claim that another host makes while this one prepares its own is respected") {
  FleetOfHosts fleet({"a"});
  bool claimed = false;
  fleet["a"].world.gateway.on_check = [&] {
    const auto view = fleet.view();
    const fleet::Claim claim{"x", "other/production", fleet["a"].world.clock.now()};
    claimed = fleet.etcd.commit(fleet::write_renewal(view, fleet.keys, fleet::claimed(view, claim)))->succeeded;
  };
  fleet.start();
  fleet.run_until([&] { return claimed; });
  fleet.settle();
  CHECK(fleet.requests() == 0);
  CHECK(fleet.view().renewal.value->claim->member == "other/production");
}

TEST_CASE("while etcd is unreachable nothing changes, until little is left: then a host renews by itself") {
  FleetOfHosts fleet({"a", "b"});
  fleet.start();
  for (auto& host : fleet.hosts) {
    host.process->store->set_unreachable(fleet::Unreachable::connect);
  }
  FleetHost& host = fleet["a"];
  fleet.settle();
  CHECK(fleet.requests() == 0);

  fleet.stop(host);
  const auto not_after = host.world.installed()->keystore.certificate.not_after();
  host.world.clock.time = TimePoint(not_after) - 24h;
  fleet.start(host);
  host.process->store->set_unreachable(fleet::Unreachable::connect);
  fleet.settle();
  CHECK(fleet.requests() == 0);
  fleet.boot += 11min;
  fleet.run_until([&] { return host.world.gateway.activations == 1; });
  CHECK(fleet.requests() == 1);
  CHECK_THAT(host.world.events(), ContainsSubstring("fleet_alone"));

  SECTION("and publishes the certificate when it is back, for the others") {
    host.process->store->set_unreachable(std::nullopt);
    fleet.run_until([&] { return fleet.rollout().verified.size() == 1; });
    fleet["b"].process->store->set_unreachable(std::nullopt);
    fleet.run_until([&] { return all_verified(fleet); });
    CHECK(fleet.requests() == 1);
  }
}

TEST_CASE("a host with another key neither requests nor publishes, and says so") {
  FleetOfHosts fleet({"a", "b"});
  fleet["b"].etcd.key->value = fleet::FleetKey::generate().value();
  fleet.start(fleet["a"]);
  fleet.run_until([&] { return fleet.rollout().verified.size() == 1; });
  fleet.start(fleet["b"]);
  fleet.run_until([&] { return fleet["b"].world.events().find("fleet_value_refused") != std::string::npos; });
  CHECK(fleet["b"].installed() == keystores().installed);
  CHECK(fleet["b"].world.cloud.requests == 0);
}

TEST_CASE("a second process with a member's name only looks on") {
  FleetOfHosts fleet({"a", "b"});
  fleet.start(fleet["a"]);
  fleet.run_until([&] { return fleet.rollout().verified.size() == 1; });
  fleet["b"].name = "a";
  FleetHost& second = fleet.hosts.back();
  fleet.start(second);
  fleet.run_until([&] { return second.world.events().find("fleet_conflict") != std::string::npos; });
  fleet.settle();
  INFO(fleet.log());
  CHECK(second.world.gateway.activations == 0);
  CHECK(second.world.cloud.requests == 0);
}

TEST_CASE("two processes with one name both say so, one of them acts, and both say when it is over") {
  FleetOfHosts fleet({"a", "b"});
  FleetHost& first = fleet.hosts.front();
  FleetHost& second = fleet.hosts.back();
  second.name = "a";
  const bool same_machine = GENERATE(true, false);
  CAPTURE(same_machine);
  if (same_machine) {
    second.machine = first.machine;
  }
  const auto conflicts = [](FleetHost& host) {
    const std::string events = host.world.events();
    std::size_t count = 0;
    for (auto at = events.find("fleet_conflict"); at != std::string::npos; at = events.find("fleet_conflict", at + 1)) {
      ++count;
    }
    return count;
  };
  const auto problem = [](FleetHost& host) {
    const auto standing = host.process->board.standings().find("production");
    return standing != host.process->board.standings().end() && standing->second.fleet &&
                   standing->second.fleet->conflict
               ? standing->second.fleet->conflict->message
               : std::string();
  };
  fleet.start(first);
  fleet.run_until([&] { return fleet.rollout().verified.size() == 1; });
  CHECK(conflicts(first) == 0);
  fleet.start(second);
  fleet.run_until([&] { return conflicts(first) == 1 && conflicts(second) == 1; });
  fleet.settle();
  // The member's record is that of one of them, and says of the other that it restarts nothing.
  const bool second_acts = same_machine;
  CHECK_THAT(problem(second_acts ? second : first), ContainsSubstring("that one restarts nothing"));
  CHECK_THAT(problem(second_acts ? first : second), ContainsSubstring("this one restarts nothing"));

  FleetHost& stopped = GENERATE(true, false) ? first : second;
  FleetHost& other = &stopped == &first ? second : first;
  fleet.stop(stopped);
  fleet.run_until([&] { return conflicts(other) == 2; });
  fleet.settle();
  CHECK_THAT(other.world.logged.str(), ContainsSubstring("no other process has the name a/production"));
  CHECK(problem(other).empty());
  CHECK(fleet.view().members.at("a/production").value->machine == other.machine);
}

TEST_CASE("a daemon that crashed and starts again is in no conflict with itself") {
  FleetOfHosts fleet({"a"});
  fleet.start();
  fleet.run_until([&] { return all_verified(fleet); });
  FleetHost& host = fleet["a"];
  const auto crashed = std::move(host.process);
  crashed->stop.emit(asio::cancellation_type::terminal);
  fleet.run_until([&] { return crashed->ended; });
  REQUIRE(fleet.view().members.contains("a/production"));
  fleet.start();
  fleet.settle();
  crashed->store->expire_lease();
  fleet.settle();
  CHECK(fleet.view().members.contains("a/production"));
  CHECK(host.world.events().find("fleet_conflict") == std::string::npos);
}

TEST_CASE("a host that an operator rolled back does not take the certificate again") {
  FleetOfHosts fleet({"a"});
  fleet.start();
  fleet.run_until([&] { return all_verified(fleet); });
  fleet.stop(fleet["a"]);
  REQUIRE(fleet["a"].world.restore());
  fleet.start();
  fleet.run_until([&] { return fleet.view().members.contains("a/production"); });
  CHECK(fleet["a"].installed() == keystores().installed);
  CHECK(fleet.view().members.at("a/production").value->state == fleet::MemberState::apart);
  CHECK(fleet.requests() == 1);
}
