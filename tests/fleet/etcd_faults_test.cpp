// EtcdStore while members of a real cluster are killed, stopped, and lose their quorum.
#include "fleet/store_fixture.hpp"

using namespace renewd;
using namespace renewd::testing;
using fleet::Unreachable;

namespace {

// So that a member is the one that the store uses.
void begin_at(StoreFixture& fixture, std::size_t member) {
  const auto& all = fixture.cluster.endpoints();
  fixture.settings.endpoints = {all[member]};
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i != member) {
      fixture.settings.endpoints.push_back(all[i]);
    }
  }
  // A host whose stable offset is 0.
  for (const char* host : {"host-a", "host-b", "host-c", "host-d", "host-e", "host-f", "host-g"}) {
    fleet::EtcdSession session(fixture.io.get_executor(), fixture.settings, host, {});
    if (session.current() == 0) {
      fixture.host = host;
      return;
    }
  }
}

std::size_t follower(EtcdCluster& cluster) {
  return (cluster.leader() + 1) % cluster.endpoints().size();
}

}  // namespace

TEST_CASE("etcd: when a member is killed, its watch ends and the next endpoint is used") {
  SKIP_WITHOUT_ETCD();
  StoreFixture fixture;
  const std::size_t member = follower(fixture.cluster);
  begin_at(fixture, member);
  const auto put = fixture.put("renewal", "one", 0);
  REQUIRE(outcome_of(put) == "ok");
  WatchBeside watch(fixture, put->revision);
  fixture.run_until([&] { return watch.seen().size() == 1; });
  SECTION("by SIGKILL") {
    fixture.cluster.kill(member);
  }
  SECTION("in order") {
    fixture.cluster.stop(member);
  }
  fixture.run_until([&] { return watch.ended().has_value(); });
  CHECK(outcome_of(fixture.read()) == "ok");
  // A transaction goes on, too: nothing was sent to the member that is down.
  CHECK(outcome_of(fixture.put("renewal", "two", put->revision)) == "ok");
}

TEST_CASE("etcd: a stopped member is found out by the lease's renewal, and the watch goes elsewhere") {
  SKIP_WITHOUT_ETCD();
  StoreFixture fixture;
  const std::size_t member = follower(fixture.cluster);
  begin_at(fixture, member);
  fixture.limits.keep_alive = std::chrono::seconds(1);
  fixture.limits.call = std::chrono::seconds(3);
  const bool is_leased = GENERATE(true, false);
  INFO(is_leased);
  const auto put = fixture.put("members/a/production", "here", 0, is_leased);
  REQUIRE(outcome_of(put) == "ok");
  const LeaseBeside lease(fixture);
  WatchBeside watch(fixture, put->revision);
  fixture.run_until([&] { return watch.seen().size() == 1; });
  fixture.cluster.pause(member);
  fixture.run_until([&] { return watch.ended().has_value(); });
  WatchBeside elsewhere(fixture, put->revision);
  fixture.run_until([&] { return elsewhere.seen().size() == 1; });
  CHECK_FALSE(elsewhere.ended());
  fixture.cluster.resume(member);
}

TEST_CASE("etcd: without a quorum, the remaining member says so at once, and works again with one") {
  SKIP_WITHOUT_ETCD();
  StoreFixture fixture;
  const auto put = fixture.put("renewal", "one", 0);
  REQUIRE(outcome_of(put) == "ok");
  const std::size_t member = fixture.cluster.leader();
  fixture.settings.endpoints = {fixture.cluster.endpoints()[member]};
  fixture.limits.call = std::chrono::seconds(30);
  fixture.forget_store();
  REQUIRE(outcome_of(fixture.read()) == "ok");
  WatchBeside watch(fixture, put->revision);
  fixture.run_until([&] { return watch.seen().size() == 1; });
  for (std::size_t i = 0; i < 3; ++i) {
    if (i != member) {
      fixture.cluster.kill(i);
    }
  }
  fixture.run_until([&] { return watch.ended().has_value(); });
  INFO(watch.ended()->message);
  CHECK(watch.ended()->reason == Unreachable::no_leader);
  const auto start = std::chrono::steady_clock::now();
  CHECK(outcome_of(fixture.read()) == "no_leader");
  CHECK(outcome_of(fixture.put("renewal", "two", put->revision)) == "no_leader");
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(6));  // etcd's own limit is 7 s for each

  fixture.cluster.start((member + 1) % 3);
  const auto read = fixture.read();
  REQUIRE(outcome_of(read) == "ok");
  REQUIRE(read->values.size() == 1);
  CHECK(read->values[0].mod_revision == put->revision);
}

TEST_CASE("etcd: of a transaction that times out and its repetition, at most one lands") {
  SKIP_WITHOUT_ETCD();
  StoreFixture fixture;
  const std::size_t leader = fixture.cluster.leader();
  const auto put = fixture.put("renewal", "one", 0);
  REQUIRE(outcome_of(put) == "ok");
  fixture.settings.endpoints = {fixture.cluster.endpoints()[leader]};
  fixture.limits.call = std::chrono::seconds(2);
  fixture.forget_store();
  REQUIRE(outcome_of(fixture.read()) == "ok");
  // The leader is alone, and does not know it yet.
  fixture.cluster.pause((leader + 1) % 3);
  fixture.cluster.pause((leader + 2) % 3);
  const auto lost = fixture.put("renewal", "lost", put->revision);
  CHECK_FALSE(lost.has_value());
  fixture.cluster.resume((leader + 1) % 3);
  fixture.cluster.resume((leader + 2) % 3);
  std::optional<bool> landed;
  fixture.run_until([&] {
    const auto second = fixture.put("renewal", "second", put->revision);
    if (second) {
      landed = second->succeeded;
    }
    return second.has_value();
  });
  const auto read = fixture.read();
  REQUIRE(outcome_of(read) == "ok");
  CHECK(read->values.at(0).value == (*landed ? "second" : "lost"));
}
