#include "fleet/view.hpp"

#include "support/catch.hpp"
#include "support/fleet/examples.hpp"

using namespace renewd;
using namespace renewd::fleet;
using namespace renewd::testing;

TEST_CASE("the values of an account live below its id, percent-encoded") {
  const Keys keys("/p", "a/b c\xc3\xa9~");
  CHECK(keys.base() == "/p/1/a%2Fb%20c%C3%A9~/");
  CHECK(keys.renewal() == keys.base() + "renewal");
  CHECK(keys.generation() == keys.base() + "generation");
  CHECK(keys.rollout() == keys.base() + "rollout");
  CHECK(keys.member("h/production") == keys.base() + "members/h/production");
}

TEST_CASE("a view has what is there, and says what it refuses") {
  const View view = view_of({.revision = 9,
                             .values = {{kKeys.renewal(), serialize(renewal_record()), 4},
                                        {kKeys.generation(), R"({"min_reader":2})", 5},
                                        {kKeys.rollout(), "{}", 6},
                                        {kKeys.member("a/production"), serialize(member_record()), 7},
                                        {kKeys.member("b/production"), "?", 8},
                                        {kKeys.members() + "garbage", serialize(member_record()), 8},
                                        {kKeys.base() + "later", "x", 8}}},
                            kKeys);
  CHECK(view.revision == 9);
  CHECK(view.renewal.revision == 4);
  CHECK(view.renewal.value == renewal_record());
  CHECK_FALSE(view.generation.is_absent());
  CHECK(view.generation.refused.value().refusal == Refusal::newer_version);
  CHECK(view.rollout.refused.value().refusal == Refusal::tampered);
  CHECK(view.members.size() == 2);
  CHECK(view.members.at("a/production").value == member_record());
  CHECK(view.is_present("b/production"));
  CHECK_FALSE(view.is_present("c/production"));
  CHECK(view_of({}, kKeys).renewal.is_absent());
}

TEST_CASE("changes are applied in order, and those that a view already has are ignored") {
  View view = view_of({.revision = 5, .values = {{kKeys.renewal(), serialize(renewal_record()), 5}}}, kKeys);
  apply({.revision = 6, .puts = {{kKeys.member("a/production"), serialize(member_record()), 6}}, .deleted = {}}, kKeys,
        view);
  apply({.revision = 7, .puts = {{kKeys.rollout(), serialize(rollout()), 7}}, .deleted = {kKeys.renewal()}}, kKeys,
        view);
  CHECK(view.revision == 7);
  CHECK(view.renewal.is_absent());
  CHECK_FALSE(view.renewal.value);
  CHECK(view.rollout.value == rollout());
  CHECK(view.is_present("a/production"));

  apply({.revision = 6, .puts = {{kKeys.renewal(), serialize(renewal_record()), 6}}, .deleted = {}}, kKeys, view);
  CHECK(view.renewal.is_absent());
  apply({.revision = 8, .puts = {}, .deleted = {kKeys.member("a/production"), kKeys.member("never/there")}}, kKeys,
        view);
  CHECK(view.members.empty());
}

TEST_CASE("what a host wrote itself hides nothing that a watch tells later of the time before") {
  View view = view_of({.revision = 5, .values = {}}, kKeys);
  MemberRecord own = member_record();
  own.process = "own";
  apply_own({.revision = 8, .puts = {{kKeys.member("a/production"), serialize(own), 8}}, .deleted = {}}, kKeys, view);
  CHECK(view.members.at("a/production").value == own);
  CHECK(view.revision == 5);
  apply({.revision = 6, .puts = {{kKeys.generation(), serialize(published(3)), 6}}, .deleted = {}}, kKeys, view);
  CHECK(view.generation.value == published(3));
  // Its own key as it was before.
  apply({.revision = 7, .puts = {{kKeys.member("a/production"), serialize(member_record()), 7}}, .deleted = {}}, kKeys,
        view);
  CHECK(view.members.at("a/production").value == own);
  apply({.revision = 9, .puts = {}, .deleted = {kKeys.member("a/production")}}, kKeys, view);
  CHECK(view.members.empty());
  // Learned only now, after the watch.
  apply_own({.revision = 8, .puts = {{kKeys.member("a/production"), serialize(own), 8}}, .deleted = {}}, kKeys, view);
  CHECK(view.members.empty());
}

TEST_CASE("a conflict is seen for as long as the process lives that reported it") {
  const std::string key = kKeys.conflict("a/production", "p1");
  CHECK(key == kKeys.base() + "conflicts/a/production/p1");
  View view = view_of({.revision = 5, .values = {{key, "?", 5}}}, kKeys);
  CHECK(view.is_contested("a/production", "p1"));
  CHECK_FALSE(view.is_contested("a/production", "p2"));
  CHECK(view.members.empty());
  apply({.revision = 6, .puts = {}, .deleted = {key}}, kKeys, view);
  CHECK_FALSE(view.is_contested("a/production", "p1"));
  apply({.revision = 8, .puts = {{key, "{}", 8}}, .deleted = {}}, kKeys, view);
  apply({.revision = 9, .puts = {}, .deleted = {kKeys.conflict("a/production", "p2")}}, kKeys, view);
  CHECK(view.is_contested("a/production", "p1"));
  // Learned only now, after the watch.
  apply_own({.revision = 7, .puts = {}, .deleted = {key}}, kKeys, view);
  CHECK(view.is_contested("a/production", "p1"));
}

TEST_CASE("a value that is repaired is used again") {
  View view = view_of({.revision = 5, .values = {{kKeys.rollout(), "?", 5}}}, kKeys);
  apply({.revision = 6, .puts = {{kKeys.rollout(), serialize(rollout()), 6}}, .deleted = {}}, kKeys, view);
  CHECK_FALSE(view.rollout.refused);
  CHECK(view.rollout.value == rollout());
}

TEST_CASE("no more members are seen than a fleet can have") {
  Snapshot snapshot{.revision = 1, .values = {}};
  for (int i = 0; i < 1200; ++i) {
    snapshot.values.push_back({kKeys.member("h" + std::to_string(i) + "/p"), serialize(member_record()), 1});
  }
  View view = view_of(snapshot, kKeys);
  CHECK(view.members.size() == 1000);
  apply({.revision = 2, .puts = {snapshot.values.front(), snapshot.values.back()}, .deleted = {}}, kKeys, view);
  CHECK(view.members.size() == 1000);
  for (int i = 0; i < 1200; ++i) {
    apply({.revision = 3 + i, .puts = {{kKeys.conflict("h/p", std::to_string(i)), "", 3 + i}}, .deleted = {}}, kKeys,
          view);
  }
  CHECK(view.conflicts.size() == 1000);
}
