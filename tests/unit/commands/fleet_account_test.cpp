// What the `fleet` commands do to etcd, with one in memory.
#include "commands/fleet_account.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "commands/fleet_probe.hpp"
#include "configuration/settings.hpp"
#include "fleet/base64.hpp"
#include "fleet/transactions.hpp"
#include "minted.hpp"
#include "support/catch.hpp"
#include "support/fleet/examples.hpp"
#include "support/fleet/memory_store.hpp"

using namespace renewd;
using namespace renewd::commands;
using namespace renewd::testing;
using namespace std::chrono_literals;
using fleet::FleetKey;

namespace {

constexpr const char* kAccount = "7b6f41d3";

FleetKey key_of(char byte) {
  return FleetKey::parse(Secret(fleet::encode_base64(std::string(32, byte)))).value();
}

renewal::Shareable shareable(std::chrono::hours life) {
  const auto minted = mint({.common_name = "gateway",
                            .not_before = std::chrono::floor<std::chrono::seconds>(kNow),
                            .not_after = std::chrono::floor<std::chrono::seconds>(kNow) + life});
  return {Secret("answer"), Secret(certificate::write_pem(minted.certificate, {}, minted.key, Secret()).value()),
          state::record_of(minted.certificate)};
}

struct World {
  boost::asio::io_context context;
  MemoryEtcd etcd;
  MemoryStore store{context.get_executor(), etcd};
  FleetAccount account{store, "/gravitee-renewd", kAccount};

  template <typename T>
  T run(boost::asio::awaitable<T> work) {
    auto result = boost::asio::co_spawn(context, std::move(work), boost::asio::use_future);
    context.restart();
    context.run_for(10s);
    REQUIRE(result.wait_for(0s) == std::future_status::ready);
    return result.get();
  }
  fleet::View view() { return fleet::view_of(etcd.read(account.keys().base()), account.keys()); }
  fleet::Rollout rollout() { return fleet::current_rollout(view()); }
  Result<fleet::Header> publish(std::chrono::hours life, char key = 'a', fleet::LocalRecord local = {}) {
    return run(account.publish({key_of(key)}, "a/production", shareable(life), std::move(local), kNow));
  }
  void put(const fleet::Rollout& rollout) { etcd.put(account.keys().rollout(), fleet::serialize(rollout)); }
};

}  // namespace

TEST_CASE("what is published by hand is the next generation, which every host with the key opens") {
  World world;
  REQUIRE(world.publish(365 * 24h));
  const auto second = world.publish(366 * 24h);
  REQUIRE(second);
  CHECK(second->generation == 2);
  CHECK(second->claim == "by_hand");
  const auto view = world.view();
  const auto opened = fleet::open({key_of('a')}, world.account.keys().generation(), kAccount, *view.generation.value);
  REQUIRE(opened);
  CHECK(opened->answer->view() == "answer");
  CHECK(world.rollout().generation == 2);
  CHECK(world.rollout().verified.empty());
}

TEST_CASE("a number that this host has seen is not used again, as after etcd was wiped") {
  World world;
  const auto published = world.publish(365 * 24h, 'a', {.fingerprint = "AB", .generation = 7, .highest = 7});
  REQUIRE(published);
  CHECK(published->generation == 8);
}

TEST_CASE("only a later certificate is published by hand") {
  World world;
  REQUIRE(world.publish(365 * 24h));
  const auto before = world.etcd.revision();
  const auto again = world.publish(365 * 24h);
  REQUIRE_FALSE(again);
  CHECK(again.error().kind == ErrorKind::fleet);
  CHECK_THAT(again.error().message, ContainsSubstring("is not later than the published generation 1"));
  CHECK(world.etcd.revision() == before);
}

TEST_CASE("a generation whose key is lost is sealed again from the certificate that is installed") {
  World world;
  const auto certificate = shareable(365 * 24h);
  const auto publish = [&](char key) {
    return world.run(world.account.publish({key_of(key)}, "a/production", certificate, {}, kNow));
  };
  REQUIRE(publish('a'));
  const auto already = publish('a');
  REQUIRE_FALSE(already);
  CHECK_THAT(already.error().message, ContainsSubstring("is published already, as generation 1"));
  const auto again = publish('b');
  REQUIRE(again);
  CHECK(again->generation == 1);
  CHECK(again->certificate == certificate.certificate);
  const auto view = world.view();
  CHECK(fleet::open({key_of('b')}, world.account.keys().generation(), kAccount, *view.generation.value));
  CHECK_FALSE(world.publish(364 * 24h, 'c'));
}

TEST_CASE("a host whose key most others do not have publishes and seals nothing") {
  World world;
  const auto show = [&](const std::string& name, char key) {
    fleet::MemberRecord record = member_record();
    record.key_id = key_of(key).id();
    world.etcd.put(world.account.keys().member(name), fleet::serialize(record));
  };
  show("a/production", 'a');
  show("b/production", 'a');
  const auto refused = world.publish(365 * 24h, 'b');
  REQUIRE_FALSE(refused);
  CHECK_THAT(refused.error().message, ContainsSubstring("a/production, b/production"));
  REQUIRE(world.publish(365 * 24h, 'a'));
  show("c/production", 'c');
  REQUIRE(world.publish(366 * 24h, 'a'));

  const auto too_early = world.run(world.account.reseal({key_of('b'), key_of('a')}));
  REQUIRE_FALSE(too_early);
  CHECK_THAT(too_early.error().message, ContainsSubstring("a/production"));
  for (const char* const name : {"a/production", "b/production", "c/production"}) {
    show(name, 'b');
  }
  CHECK(world.run(world.account.reseal({key_of('b'), key_of('a')})));
}

TEST_CASE("a transaction that etcd applied without an answer is not repeated") {
  for (const auto fate : {MemoryStore::Fate::unanswered, MemoryStore::Fate::lost}) {
    World world;
    world.store.set_next(fate);
    const auto published = world.publish(365 * 24h);
    REQUIRE(published);
    CHECK(published->generation == 1);
    CHECK(world.view().generation.value->header.generation == 1);
    CHECK(world.store.commits == (fate == MemoryStore::Fate::unanswered ? 1 : 2));
  }
}

TEST_CASE("etcd that stays unreachable is an error with its reason") {
  World world;
  world.store.set_unreachable(fleet::Unreachable::no_leader);
  const auto halted = world.run(world.account.halt("a/production", kNow));
  REQUIRE_FALSE(halted);
  CHECK(halted.error().kind == ErrorKind::fleet);
  CHECK_THAT(halted.error().message, ContainsSubstring("no_leader"));
}

TEST_CASE("an operator halts the restarts and lets them continue") {
  World world;
  REQUIRE(world.publish(365 * 24h));
  REQUIRE(world.run(world.account.halt("a/production", kNow)));
  REQUIRE(world.rollout().halt);
  CHECK(world.rollout().halt->reason == fleet::HaltReason::by_operator);
  CHECK(world.rollout().halt->member == "a/production");
  const auto before = world.etcd.revision();
  REQUIRE(world.run(world.account.halt("a/production", kNow)));
  CHECK(world.etcd.revision() == before);

  const auto resumed = world.run(world.account.resume());
  REQUIRE(resumed);
  CHECK(*resumed == "the restarts with generation 1 continue");
  CHECK_FALSE(world.rollout().halt);
  CHECK(world.run(world.account.resume()).value() == "nothing is halted");
}

TEST_CASE("going on names the hosts that still restart, and drops those that are down") {
  World world;
  REQUIRE(world.publish(365 * 24h));
  auto rollout = world.rollout();
  rollout.holders = {{"a/production", 1, "x", kNow}, {"b/production", 1, "y", kNow}};
  world.put(rollout);
  for (const auto& [name, state] :
       {std::pair("a/production", fleet::MemberState::turn), {"b/production", fleet::MemberState::failed}}) {
    fleet::MemberRecord record = member_record();
    record.state = state;
    world.etcd.put(world.account.keys().member(name), fleet::serialize(record));
  }
  CHECK(world.run(world.account.resume()).value() ==
        "the restarts with generation 1 continue; 1 host is missing or down, and no longer waited for; "
        "restarting now: a/production");
  CHECK(world.rollout().holders.size() == 1);
  CHECK(world.run(world.account.resume()).value() == "nothing is halted; restarting now: a/production");
}

TEST_CASE("a halt before anything is published holds for what comes") {
  World world;
  REQUIRE(world.run(world.account.halt("a/production", kNow)));
  REQUIRE(world.publish(365 * 24h));
  REQUIRE(world.rollout().halt);
  CHECK(world.rollout().generation == 1);
}

TEST_CASE("before anything is published, there is no generation to continue with") {
  World world;
  REQUIRE(world.run(world.account.halt("a/production", kNow)));
  CHECK(world.run(world.account.resume()).value() == "the restarts may begin with the next certificate");
}

TEST_CASE("going on no longer waits for a missing host, and excuses one that failed") {
  World world;
  REQUIRE(world.publish(365 * 24h));
  auto rollout = world.rollout();
  rollout.holders = {{"gone/production", 1, "turn", kNow}};
  rollout.failed = {{"b/production", {"it did not start", kNow, true}}};
  rollout.halt = fleet::Halt{fleet::HaltReason::failed, "b/production", kNow};
  world.put(rollout);
  CHECK(world.run(world.account.resume()).value() ==
        "the restarts with generation 1 continue; 1 host is missing or down, and no longer waited for; 1 host that "
        "failed or was lost does "
        "not halt them again");
  CHECK(world.rollout().holders.empty());
  CHECK_FALSE(world.rollout().halt);
  CHECK(world.rollout().excused == std::vector<fleet::MemberName>{"b/production"});
}

TEST_CASE("a roll-out that a newer version wrote is left as it is") {
  World world;
  world.etcd.put(world.account.keys().rollout(), R"({"v":9,"min_reader":9})");
  const auto halted = world.run(world.account.halt("a/production", kNow));
  REQUIRE_FALSE(halted);
  CHECK(halted.error().advice == "upgrade gravitee-renewd on this host");
}

TEST_CASE("resealing changes the key and nothing else") {
  World world;
  REQUIRE(world.publish(365 * 24h));
  const auto before = *world.view().generation.value;
  const auto resealed = world.run(world.account.reseal({key_of('b'), key_of('a')}));
  REQUIRE(resealed);
  CHECK_THAT(*resealed, ContainsSubstring("generation 1") && ContainsSubstring(key_of('b').id()));
  const auto after = *world.view().generation.value;
  CHECK(after.header.key_id == key_of('b').id());
  CHECK(after.header.certificate == before.header.certificate);
  CHECK(after.header.generation == before.header.generation);
  CHECK(fleet::open({key_of('b')}, world.account.keys().generation(), kAccount, after));
  CHECK_FALSE(fleet::open({key_of('a')}, world.account.keys().generation(), kAccount, after));
  CHECK_THAT(world.run(world.account.reseal({key_of('b')})).value(), ContainsSubstring("already"));
}

TEST_CASE("what neither key opens is not resealed, and nothing needs no sealing") {
  World world;
  CHECK(world.run(world.account.reseal({key_of('b')})).value() == "nothing has been published yet");
  REQUIRE(world.publish(365 * 24h));
  const auto resealed = world.run(world.account.reseal({key_of('b'), key_of('c')}));
  REQUIRE_FALSE(resealed);
  CHECK_THAT(resealed.error().message, StartsWith("wrong_key: "));
}

namespace {

configuration::Settings member_settings() {
  configuration::Settings settings;
  settings.certificates.emplace_back().name = "production";
  settings.certificates.front().account_url = "https://cloud.example/accounts/7b6f41d3";
  settings.fleet.etcd.emplace();
  return settings;
}

}  // namespace

TEST_CASE("validate finds no fault with an etcd that it may write, and leaves nothing behind") {
  World world;
  const auto probe = world.run(probe_fleet(world.store, member_settings(), std::vector{key_of('a')}));
  CHECK(probe.findings.empty());
  REQUIRE(probe.good.size() == 1);
  CHECK_THAT(probe.good.front(), ContainsSubstring("nothing is published yet"));
  CHECK(world.etcd.read("/").values.empty());
}

TEST_CASE("validate finds an etcd that cannot be used, and another fleet key") {
  World world;
  REQUIRE(world.publish(365 * 24h));
  const auto other = world.run(probe_fleet(world.store, member_settings(), std::vector{key_of('b')}));
  REQUIRE(other.findings.size() == 1);
  CHECK(other.findings.front().key == "fleet.etcd.key");
  CHECK_THAT(other.findings.front().message, ContainsSubstring(key_of('a').id()));
  CHECK(world.run(probe_fleet(world.store, member_settings(), std::vector{key_of('b'), key_of('a')})).findings.empty());
  for (const auto& [reason, key] : std::vector<std::pair<fleet::Unreachable, std::string>>{
           {fleet::Unreachable::connect, "fleet.etcd.endpoints"},
           {fleet::Unreachable::tls, "fleet.etcd.ca_file"},
           {fleet::Unreachable::auth, "fleet.etcd.username"},
           {fleet::Unreachable::permission, "fleet.etcd.prefix"},
           {fleet::Unreachable::client_cn, "fleet.etcd.cert_file"}}) {
    world.store.set_unreachable(reason);
    const auto probe = world.run(probe_fleet(world.store, member_settings(), std::vector{key_of('a')}));
    REQUIRE(probe.findings.size() == 1);
    CHECK(probe.findings.front().key == key);
    CHECK(probe.findings.front().level == Level::warning);
  }
}
