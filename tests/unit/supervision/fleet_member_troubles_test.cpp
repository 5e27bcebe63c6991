// What a member does when etcd is away, values are refused, or another process has its name.
#include "fleet/transactions.hpp"
#include "fleet_hosts.hpp"

using namespace renewd;
using namespace renewd::supervision;
using namespace renewd::testing;
using namespace std::chrono_literals;

namespace {

// All that happens without time passing; it must come to an end.
void settle_soon(FleetOfHosts& fleet) {
  fleet.io.restart();
  for (int i = 0; i < 20'000 && fleet.io.poll_one() > 0; ++i) {
  }
  INFO(fleet.log());
  CHECK(fleet.io.poll_one() == 0);
}

}  // namespace

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

TEST_CASE("what cannot be told to etcd now is tried again later, not at once") {
  FleetOfHosts fleet({"a"});
  FleetHost& host = fleet["a"];
  const bool reads = GENERATE(false, true);
  host.world.gateway.on_check = [&] {
    if (reads) {
      host.process->store->set_unwritable(fleet::Unreachable::permission);
    } else {
      host.process->store->set_unreachable(fleet::Unreachable::connect);
    }
  };
  fleet.start();
  settle_soon(fleet);
  CHECK(fleet.requests() == 0);
  CHECK(host.process->store->commits + host.process->store->reads < 20);

  host.process->store->set_unwritable(std::nullopt);
  host.process->store->set_unreachable(std::nullopt);
  host.world.gateway.on_check = [] {};
  if (reads) {
    fleet.pass(1s);  // another host writes
  }
  fleet.run_until([&] { return all_verified(fleet); });
}

TEST_CASE("a gateway that is down is restarted without etcd") {
  FleetOfHosts fleet({"a"});
  FleetHost& host = fleet["a"];
  host.world.gateway.activation = failure(ErrorKind::gateway, "it does not start");
  fleet.start();
  fleet.run_until([&] { return fleet.rollout().halt.has_value(); });
  const int before = host.world.gateway.activations;
  fleet.stop(host);

  host.world.gateway.activation = gateway::Activation{gateway::Use::in_use, "restarted"};
  host.world.clock.time = host.world.clock.now() + 24h;
  fleet.start(host);
  host.process->store->set_unwritable(fleet::Unreachable::permission);
  fleet.run_until([&] { return host.world.gateway.activations > before; });
}

TEST_CASE("a host that went alone because it could not write takes part again once it can") {
  FleetOfHosts fleet({"a", "b"});
  FleetHost& alone = fleet["a"];
  alone.world.cloud.response = failure(ErrorKind::connect, "no way to the cloud");
  alone.world.clock.time = TimePoint(alone.world.installed()->keystore.certificate.not_after()) - 24h;
  fleet.start(alone);
  alone.process->store->set_unwritable(fleet::Unreachable::permission);
  settle_soon(fleet);
  fleet.pass(11min);
  fleet.run_until([&] { return alone.world.events().find("fleet_alone") != std::string::npos; });
  settle_soon(fleet);
  alone.process->store->set_unwritable(std::nullopt);
  fleet.start(fleet["b"]);
  fleet.run_until([&] { return all_verified(fleet); });
  CHECK(fleet.requests() == 2);
}

TEST_CASE("an adopted answer that the gate refuses later is adopted again once the cause is gone") {
  FleetOfHosts fleet({"a", "b"});
  fleet.start(fleet["a"]);
  fleet.run_until([&] { return fleet.rollout().verified.size() == 1; });
  const auto view = fleet.view();
  REQUIRE(fleet.etcd
              .commit(fleet::write_rollout(
                  view, fleet.keys,
                  fleet::halted(*view.rollout.value, {fleet::HaltReason::by_operator, "a/production", {}})))
              ->succeeded);
  FleetHost& follower = fleet["b"];
  fleet.start(follower);
  const auto waits = [&] {
    const auto now = fleet.view();
    const auto member = now.members.find("b/production");
    return member != now.members.end() && member->second.value->state == fleet::MemberState::waiting;
  };
  fleet.run_until(waits);
  fleet.stop(follower);

  const TemporaryDirectory other_ca;
  run_or_throw({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                "/CN=other", "-keyout", (other_ca / "key").string(), "-out", (other_ca / "ca.pem").string()});
  follower.world.settings.keystore.ca_file = other_ca / "ca.pem";
  fleet.start(follower);
  fleet.run_until([&] {
    const auto now = fleet.view();
    const auto member = now.members.find("b/production");
    return member != now.members.end() && member->second.value->state == fleet::MemberState::unable;
  });
  CHECK_FALSE(fleet.rollout().failed.contains("b/production"));
  fleet.stop(follower);

  follower.world.settings.keystore.ca_file.reset();
  fleet.start(follower);
  fleet.run_until(waits);
  CHECK(fleet.requests() == 1);
}

TEST_CASE("before anything is published, a host with another key than most does not stop the others") {
  FleetOfHosts fleet({"a", "b", "c"});
  FleetHost& other = fleet["c"];
  other.etcd.key->value = fleet::FleetKey::generate().value();
  for (auto& host : fleet.hosts) {
    host.world.cloud.response = failure(ErrorKind::connect, "no way to the cloud");
  }
  fleet.start();
  fleet.run_until([&] { return fleet.view().members.size() == 3; });
  fleet.settle();
  const auto yields = [](FleetHost& host) {
    const auto& status = host.process->board.standings().at("production");
    return status.fleet && status.fleet->other_key;
  };
  CHECK(yields(other));
  CHECK_FALSE(yields(fleet["a"]));
  CHECK_FALSE(yields(fleet["b"]));
}

TEST_CASE("a certificate without an account belongs to no fleet") {
  FleetOfHosts fleet({"a"});
  fleet["a"].world.settings.account_url.clear();
  fleet["a"].world.settings.renew = configuration::RenewMode::never;
  fleet.start();
  settle_soon(fleet);
  CHECK(fleet.etcd.events().empty());
}

TEST_CASE("a request that fails during a reload is reported to the fleet with its own class") {
  FleetOfHosts fleet({"a"});
  FleetHost& host = fleet["a"];
  host.world.cloud.response = failure(ErrorKind::server_error, "HTTP 503");
  host.world.cloud.on_request = [&] { host.process->supervisor.retire(false); };
  fleet.start();
  fleet.run_until([&] { return host.process->ended; });
  const auto renewal = fleet.view().renewal.value.value();
  CHECK_FALSE(renewal.claim);
  CHECK(renewal.failed->failure_class == "server_error");
}

TEST_CASE("an earlier generation that appears again is reported") {
  FleetOfHosts fleet({"a", "b"});
  fleet.start(fleet["a"]);
  fleet.run_until([&] { return fleet.rollout().verified.size() == 1; });
  FleetHost& follower = fleet["b"];
  std::filesystem::create_directories(follower.paths().directory());
  REQUIRE(fleet::LocalRecordStore(follower.world.filesystem, follower.paths()).save({.highest = 5}));
  fleet.start(follower);
  fleet.run_until([&] { return all_verified(fleet); });
  CHECK_THAT(follower.world.logged.str(), ContainsSubstring("replayed"));
}

TEST_CASE("a member whose record was damaged writes it again") {
  FleetOfHosts fleet({"a"});
  fleet.start();
  fleet.run_until([&] { return all_verified(fleet); });
  fleet.settle();
  fleet.etcd.put(fleet.keys.member("a/production"), "[]");
  fleet.run_until([&] { return fleet.view().members.at("a/production").value.has_value(); });
  CHECK_THAT(fleet["a"].world.events(), !ContainsSubstring("fleet_conflict"));
}

TEST_CASE("the number of a generation that this host cannot open counts for nothing") {
  FleetOfHosts fleet({"a"});
  fleet.start();
  fleet.run_until([&] { return all_verified(fleet); });
  fleet.settle();
  FleetHost& host = fleet["a"];
  fleet::Published forged = *fleet.view().generation.value;
  forged.header.generation = 1'000'000;
  forged.header.key_id = "0123456789abcdef";
  fleet.etcd.put(fleet.keys.generation(), fleet::serialize(forged));
  fleet.settle();
  fleet.stop(host);
  fleet.start(host);
  fleet.run_until([&] { return fleet.view().is_present(host.member()); });
  fleet.settle();
  CHECK(fleet::LocalRecordStore(host.world.filesystem, host.paths()).load().highest == 1);
}
