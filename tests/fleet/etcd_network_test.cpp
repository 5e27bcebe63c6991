// EtcdStore behind a faulty network: what was lost, and what is safe to repeat.
#include "fleet/store_fixture.hpp"
#include "support/tcp_proxy.hpp"

using namespace renewd;
using namespace renewd::testing;

namespace {

struct NetworkFixture : StoreFixture {
  NetworkFixture() : StoreFixture(one_member()), network(cluster.port(0)) {
    settings.endpoints = {"https://127.0.0.1:" + std::to_string(network.port())};
    limits.call = std::chrono::seconds(2);
    limits.keep_alive = std::chrono::seconds(1);
  }

  static EtcdOptions one_member() {
    EtcdOptions options;
    options.members = 1;
    return options;
  }

  TcpProxy network;
};

}  // namespace

TEST_CASE("etcd: a transaction whose response is lost has landed, and its repetition does not") {
  SKIP_WITHOUT_ETCD();
  NetworkFixture fixture;
  REQUIRE(outcome_of(fixture.read()) == "ok");
  fixture.network.set(Network::loses_responses);
  const auto lost = fixture.put("renewal", "one", 0);
  CHECK(outcome_of(lost) == "connect");
  CHECK(fixture.network.lost_responses() == 1);
  fixture.network.set(Network::works);
  const auto again = fixture.put("renewal", "two", 0);
  REQUIRE(outcome_of(again) == "ok");
  CHECK_FALSE(again->succeeded);
  REQUIRE(again->current.values.size() == 1);
  CHECK(again->current.values[0].value == "one");
}

TEST_CASE("etcd: nothing of a call that timed out in a silent network arrives later") {
  SKIP_WITHOUT_ETCD();
  NetworkFixture fixture;
  REQUIRE(outcome_of(fixture.read()) == "ok");
  fixture.network.set(Network::silent);
  CHECK(outcome_of(fixture.put("renewal", "one", 0)) == "timeout");
  fixture.network.set(Network::works);
  const auto read = fixture.read();
  REQUIRE(outcome_of(read) == "ok");
  CHECK(read->values.empty());
}

TEST_CASE("etcd: a watch ends when the network is cut or silent, and a new one misses nothing") {
  SKIP_WITHOUT_ETCD();
  NetworkFixture fixture;
  const auto put = fixture.put("members/a/production", "here", 0, true);
  REQUIRE(outcome_of(put) == "ok");
  const LeaseBeside lease(fixture);
  WatchBeside watch(fixture, put->revision + 1);
  fixture.run_until([&] { return fixture.network.connected().size() >= 4; });
  fixture.network.set(GENERATE(Network::cut, Network::silent));
  fixture.run_until([&] { return watch.ended().has_value(); });
  CHECK(watch.seen().empty());
  CHECK_FALSE(fixture.read().has_value());
  fixture.network.set(Network::works);
  const auto second = fixture.put("renewal", "two", 0);
  REQUIRE(outcome_of(second) == "ok");
  WatchBeside next(fixture, put->revision + 1);
  fixture.run_until([&] { return !next.seen().empty(); });
  CHECK(next.seen()[0].revision == second->revision);
}
