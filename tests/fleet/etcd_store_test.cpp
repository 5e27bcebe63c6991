// EtcdStore against three real members with TLS and authentication: what it reads, writes and watches.
#include "fleet/store_fixture.hpp"

using namespace renewd;
using namespace renewd::testing;
using fleet::KeyValue;
using fleet::Unreachable;

TEST_CASE("etcd: a comparison that must fail really does, and the current values come back") {
  SKIP_WITHOUT_ETCD();
  StoreFixture fixture;
  const auto empty = fixture.read();
  REQUIRE(outcome_of(empty) == "ok");
  CHECK(empty->values.empty());
  CHECK(empty->revision >= 1);

  const auto first = fixture.put("renewal", "one", 0);
  REQUIRE(outcome_of(first) == "ok");
  REQUIRE(first->succeeded);
  const auto again = fixture.put("renewal", "two", 0);
  REQUIRE(outcome_of(again) == "ok");
  CHECK_FALSE(again->succeeded);
  CHECK(again->current.values == std::vector<KeyValue>{{key("renewal"), "one", first->revision}});
  // Of several comparisons, one suffices to fail.
  const auto both = fixture.commit({{{key("renewal"), first->revision}, {key("generation"), 7}},
                                    {{key("renewal"), "three", false}, {key("rollout"), "three", false}},
                                    kPrefix});
  REQUIRE(outcome_of(both) == "ok");
  CHECK_FALSE(both->succeeded);
  const auto right = fixture.put("renewal", "four", first->revision);
  REQUIRE(outcome_of(right) == "ok");
  CHECK(right->succeeded);
  const auto now = fixture.read();
  REQUIRE(outcome_of(now) == "ok");
  CHECK(now->values == std::vector<KeyValue>{{key("renewal"), "four", right->revision}});
  CHECK(fixture.store().failures().empty());
}

TEST_CASE("etcd: values may be any bytes, and a sealed generation fits") {
  SKIP_WITHOUT_ETCD();
  StoreFixture fixture({1});
  std::string bytes(std::size_t{1300} * 1024, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<char>(i * 7);
  }
  const auto small = fixture.put("a\"b\\\xff", std::string("\0\xff\n\"", 4), 0);
  CHECK(outcome_of(small) == "ok");
  const auto large = fixture.put("generation", bytes, 0);
  REQUIRE(outcome_of(large) == "ok");
  const auto read = fixture.read();
  REQUIRE(outcome_of(read) == "ok");
  REQUIRE(read->values.size() == 2);
  CHECK(read->values[0].value == std::string("\0\xff\n\"", 4));
  CHECK((read->values[1].value == bytes));
  CHECK(outcome_of(fixture.put("x", std::string(std::size_t{1600} * 1024, 'x'), 0)) == "too_large");
  CHECK(outcome_of(fixture.put("x", std::string(std::size_t{3} * 1024 * 1024, 'x'), 0)) == "too_large");
}

TEST_CASE("etcd: a watch shows each revision in order, from an earlier one on") {
  SKIP_WITHOUT_ETCD();
  StoreFixture fixture({1});
  const auto first = fixture.put("renewal", "one", 0);
  REQUIRE(outcome_of(first) == "ok");
  WatchBeside watch(fixture, first->revision);
  fixture.run_until([&] { return watch.seen().size() == 1; });
  CHECK(watch.seen()[0].puts == std::vector<KeyValue>{{key("renewal"), "one", first->revision}});
  const auto two = fixture.commit(
      {{{key("renewal"), first->revision}}, {{key("renewal"), "two", false}, {key("rollout"), "two", false}}, kPrefix});
  REQUIRE(outcome_of(two) == "ok");
  fixture.run_until([&] { return watch.seen().size() == 2; });
  CHECK(watch.seen()[1].revision == two->revision);
  CHECK(watch.seen()[1].puts.size() == 2);
  // Ends at once when it is cancelled.
  watch.stop();
  fixture.run_until([&] { return watch.ended().has_value(); });
  CHECK(watch.ended()->reason == Unreachable::cancelled);
}

TEST_CASE("etcd: a watch from a compacted revision ends, although etcd leaves it open") {
  SKIP_WITHOUT_ETCD();
  StoreFixture fixture({1});
  const auto first = fixture.put("renewal", "one", 0);
  REQUIRE(outcome_of(first) == "ok");
  const auto second = fixture.put("renewal", "two", first->revision);
  REQUIRE(outcome_of(second) == "ok");
  fixture.cluster.compact(second->revision);
  const auto read = fixture.read();
  REQUIRE(outcome_of(read) == "ok");
  WatchBeside old(fixture, first->revision);
  fixture.run_until([&] { return old.ended().has_value(); });
  CHECK_THAT(old.ended()->message, ContainsSubstring("compacted"));
  WatchBeside good(fixture, read->revision + 1);
  REQUIRE(outcome_of(fixture.put("renewal", "three", second->revision)) == "ok");
  fixture.run_until([&] { return good.seen().size() == 1; });
}

TEST_CASE("etcd: a revision that etcd has not reached means that it was restored") {
  SKIP_WITHOUT_ETCD();
  StoreFixture fixture({1});
  REQUIRE(outcome_of(fixture.read()) == "ok");
  WatchBeside watch(fixture, 1000);
  fixture.run_until([&] { return watch.ended().has_value(); });
  CHECK_THAT(watch.ended()->message, ContainsSubstring("restored"));
}

TEST_CASE("etcd: a leased key lives while the lease is renewed, and vanishes after") {
  SKIP_WITHOUT_ETCD();
  StoreFixture fixture({1});
  fixture.limits.lease = std::chrono::seconds(2);
  fixture.limits.keep_alive = std::chrono::seconds(1);
  const auto put = fixture.put("members/a/production", "here", 0, true);
  REQUIRE(outcome_of(put) == "ok");
  WatchBeside watch(fixture, put->revision + 1);
  {
    const LeaseBeside lease(fixture);
    // Longer than the lease.
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    fixture.run_until([&] { return std::chrono::steady_clock::now() > end; });
    CHECK(watch.seen().empty());
  }
  fixture.run_until([&] { return !watch.seen().empty(); });
  CHECK(watch.seen()[0].deleted == std::vector<std::string>{key("members/a/production")});
  // The lease is gone: the next one is granted without a word.
  const auto again = fixture.put("members/a/production", "here again", 0, true);
  REQUIRE(outcome_of(again) == "ok");
  CHECK(again->succeeded);
  fixture.run_until([&] { return watch.seen().size() == 2; });
  // It can be removed before.
  const auto removed =
      fixture.commit({{{key("members/a/production"), again->revision}}, {}, kPrefix, {key("members/a/production")}});
  REQUIRE(outcome_of(removed) == "ok");
  CHECK(removed->succeeded);
  fixture.run_until([&] { return watch.seen().size() == 3; });
  CHECK(watch.seen().back().deleted == std::vector<std::string>{key("members/a/production")});
}

TEST_CASE("etcd: a store that is no longer used ends its lease") {
  SKIP_WITHOUT_ETCD();
  StoreFixture fixture({1});
  fixture.limits.lease = std::chrono::hours(1);
  const auto put = fixture.put("members/a/production", "here", 0, true);
  REQUIRE(outcome_of(put) == "ok");
  const LeaseBeside lease(fixture);
  fixture.io.poll();
  fixture.forget_store();
  fixture.run_until([&] { return fixture.read()->values.empty(); });
}
