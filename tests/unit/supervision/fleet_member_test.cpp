// The life of a fleet: one request, restarts in turn, and how its members begin and end.
#include "fleet/transactions.hpp"
#include "fleet_hosts.hpp"

using namespace renewd;
using namespace renewd::supervision;
using namespace renewd::testing;
using namespace std::chrono_literals;

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

TEST_CASE("a claim that has become old is confirmed before the request is sent") {
  FleetOfHosts fleet({"a"});
  FleetHost& host = fleet["a"];
  bool is_connected = false;
  bool was_confirmed = false;
  host.world.cloud.on_connected = [&] {
    is_connected = true;
    fleet.pass(11s);
  };
  SECTION("and the request is sent") {
    unsigned confirmed = 0;
    host.world.cloud.on_request = [&] { confirmed = fleet.view().renewal.value->claim->confirmed; };
    fleet.start();
    fleet.run_until([&] { return all_verified(fleet); });
    CHECK(confirmed == 1);
    CHECK(fleet.requests() == 1);
  }
  SECTION("by the wall clock, too") {
    host.world.cloud.on_connected = [&] { host.world.clock.time = host.world.clock.now() + 11s; };
    unsigned confirmed = 0;
    host.world.cloud.on_request = [&] { confirmed = fleet.view().renewal.value->claim->confirmed; };
    fleet.start();
    fleet.run_until([&] { return all_verified(fleet); });
    CHECK(confirmed == 1);
  }
  SECTION("and not sent if another host has taken it over") {
    host.world.cloud.on_connected = [&] {
      is_connected = true;
      fleet.pass(11s);
      const auto view = fleet.view();
      const fleet::Claim claim{"x", "other/production", host.world.clock.now()};
      REQUIRE(fleet.etcd.commit(fleet::write_renewal(view, fleet.keys, fleet::claimed(view, claim)))->succeeded);
    };
    fleet.start();
    fleet.run_until([&] { return is_connected; });
    fleet.settle();
    CHECK(fleet.requests() == 0);
    CHECK(fleet.view().renewal.value->claim->member == "other/production");
  }
  SECTION("and not sent if that takes too long") {
    const int listener = fleet.etcd.on_change([&] {
      const auto renewal = fleet.view().renewal.value;
      if (!was_confirmed && renewal && renewal->claim && renewal->claim->confirmed == 1) {
        was_confirmed = true;
        fleet.boot += 40s;
      }
    });
    fleet.start();
    fleet.run_until([&] { return was_confirmed; });
    fleet.settle();
    fleet.etcd.forget(listener);
    CHECK(fleet.requests() == 0);
  }
}

TEST_CASE("a host is present before it claims or takes a turn") {
  FleetOfHosts fleet({"a"});
  fleet.start();
  fleet.run_until([&] { return all_verified(fleet); });
  std::vector<std::string> keys;
  for (const auto& event : fleet.etcd.events()) {
    for (const auto& put : event.changes.puts) {
      keys.push_back(put.key);
    }
  }
  REQUIRE_FALSE(keys.empty());
  CHECK(keys.front() == fleet.keys.member("a/production"));

  SECTION("also after its record has vanished with the lease") {
    FleetHost& host = fleet["a"];
    fleet.stop(host);
    CHECK(fleet.view().members.empty());
    host.world.cloud.response->body = base64(keystores().newest);
    host.world.clock.time = TimePoint(host.world.installed()->keystore.certificate.not_after()) - 24h;
    fleet.start(host);
    fleet.run_until([&] { return fleet.requests() == 2; });
    CHECK(fleet.view().is_present("a/production"));
  }
}

TEST_CASE("a member that is no longer configured is no longer present") {
  FleetOfHosts fleet({"a", "b"});
  fleet.start();
  fleet.run_until([&] { return all_verified(fleet); });
  fleet.settle();
  for (const bool leaves : {false, true}) {
    fleet["a"].process->supervisor.retire(leaves);
    fleet.run_until([&] { return fleet["a"].process->ended; });
    CHECK(fleet.view().is_present("a/production") != leaves);
    CHECK(fleet.view().is_present("b/production"));
    fleet.start(fleet["a"]);
    fleet.settle();
  }
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

TEST_CASE("a member that leaves gives its turn back") {
  FleetOfHosts fleet({"a"});
  FleetHost& host = fleet["a"];
  host.world.gateway.on_activate = [&] { host.process->supervisor.retire(true); };
  fleet.start();
  fleet.run_until([&] { return host.process->ended; });
  CHECK(host.installed() == keystores().renewed);
  CHECK(fleet.rollout().holders.empty());
  CHECK(fleet.view().members.empty());
}
