// Each invariant of docs/fleet.md: a forged history that breaks it is rejected, and by that invariant alone.
#include "support/fleet/auditor.hpp"

#include <algorithm>

#include "fleet/base64.hpp"
#include "fleet/transactions.hpp"
#include "support/catch.hpp"
#include "support/fleet/examples.hpp"

using namespace renewd;
using namespace renewd::fleet;
using namespace renewd::testing;
using namespace std::chrono_literals;

namespace {

// A fleet of three hosts from the first request to the last restart, as it should be.
class Course {
 public:
  Course() : history{.keys = kKeys} {  // NOLINT(bugprone-throw-keyword-missing): they are data
    history.restart_at_once = 2;
    claim("a/p", "claim-1");
    history.posts.push_back({now += 1s, "a/p", "claim-1"});
    publish(1);
    turn("a/p", 1);
    take("b/p");
    take("c/p");
    restart("b/p", 1, 30s);
    restart("c/p", 1, 20s);
    now += 1min;
    verify("b/p");
    verify("c/p");
    history.ended = true;
    for (const char* const name : {"a/p", "b/p", "c/p"}) {
      history.installations.push_back({name, nth_certificate(0), nth_certificate(1)});
      history.members.push_back({name, nth_certificate(1).fingerprint, "", {}});
    }
    history.idle_from = now;
    history.idle_until = now + 1h;
    for (int i = 0; i < 180; ++i) {
      history.idle_calls.push_back({now + i * 20s, "a/p"});
    }
  }

  void put(const std::string& key, const std::string& value) {
    const Revision revision = view.revision + 1;
    Changes changes{revision, {{key, value, revision}}, {}};
    apply(changes, kKeys, view);
    history.revisions.push_back({now += 1s, std::move(changes), false});
  }
  void claim(const MemberName& member, const std::string& id) {
    put(kKeys.renewal(), serialize(claimed(view, {id, member, now})));
  }
  void publish(int n) {
    const Transaction transaction = fleet::publish(view, kKeys, published(n));
    const Revision revision = view.revision + 1;
    Changes changes{revision, {}, {}};
    for (const auto& one : transaction.put) {
      changes.puts.push_back({one.key, one.value, revision});
    }
    apply(changes, kKeys, view);
    history.revisions.push_back({now += 1s, std::move(changes), false});
  }
  void rollout(const Rollout& rollout) { put(kKeys.rollout(), serialize(rollout)); }
  void take(const MemberName& member) { rollout(taken(current_rollout(view), {member, 1, "turn", now})); }
  void verify(const MemberName& member) { rollout(verified(current_rollout(view), member)); }
  void restart(const MemberName& member, int n, std::chrono::seconds time) {
    history.restarts.push_back({member, nth_certificate(n).fingerprint, now + 1s, now + 1s + time});
  }
  void turn(const MemberName& member, int n) {
    take(member);
    restart(member, n, 10s);
    now += 20s;
    verify(member);
  }

  TimePoint now = kNow;
  View view;
  FleetHistory history;
};

std::vector<int> invariants(const FleetHistory& history) {
  std::vector<int> broken;
  for (const auto& violation : audit(history)) {
    INFO(violation.what);
    if (std::ranges::find(broken, violation.invariant) == broken.end()) {
      broken.push_back(violation.invariant);
    }
  }
  std::ranges::sort(broken);
  return broken;
}

using Broken = std::vector<int>;

}  // namespace

TEST_CASE("the auditor accepts a renewal as it should be") {
  const auto violations = audit(Course().history);
  for (const auto& violation : violations) {
    FAIL_CHECK(violation.invariant << ": " << violation.what);
  }
}

TEST_CASE("the auditor rejects an earlier certificate after a later one (1)") {
  Course course;
  course.publish(2);
  course.history.members = {};
  CHECK(invariants(course.history).empty());
  course.publish(0);
  CHECK(invariants(course.history) == Broken{1});
}

TEST_CASE("the auditor accepts the same generation sealed again (1)") {
  Course course;
  Published again = published(1);
  again.sealed = "sealed again";
  course.put(kKeys.generation(), serialize(again));
  CHECK(invariants(course.history).empty());
}

TEST_CASE("the auditor rejects requests without a claim, or two with one (2)") {
  Course course;
  course.history.further_requests = 1;
  course.history.posts.push_back({course.now, "b/p", "claim-1"});
  CHECK(invariants(course.history) == Broken{2});
  course.history.posts.back() = {course.now, "b/p", "claim-2"};
  CHECK(invariants(course.history) == Broken{2});
  // In its place, but only afterwards.
  course.claim("b/p", "claim-2");
  course.put(kKeys.renewal(), serialize(claim_ended(course.view, {}, 0s)));
  CHECK(invariants(course.history) == Broken{2});
  course.history.posts.back().at = course.now;
  CHECK(invariants(course.history).empty());
}

TEST_CASE("the auditor rejects requests without a reason (3)") {
  Course course;
  course.claim("b/p", "claim-2");
  course.history.posts.push_back({course.now, "b/p", "claim-2"});
  course.put(kKeys.renewal(), serialize(claim_ended(course.view, {}, 0s)));
  CHECK(invariants(course.history) == Broken{3});
  course.history.further_requests = 1;
  CHECK(invariants(course.history).empty());
}

TEST_CASE("the auditor accepts a request after a takeover, and one alone (3)") {
  Course course;
  course.claim("b/p", "claim-2");
  course.claim("c/p", "claim-3");
  course.history.posts.push_back({course.now, "c/p", "claim-3"});
  course.put(kKeys.renewal(), serialize(claim_ended(course.view, {}, 0s)));
  course.history.posts.push_back({course.now, "a/p", ""});
  CHECK(invariants(course.history).empty());
}

TEST_CASE("the auditor rejects an answer that nobody publishes (4)") {
  Course course;
  course.history.members[1].answers = {nth_certificate(1)};
  CHECK(invariants(course.history).empty());
  course.history.members[1].answers = {nth_certificate(2)};
  CHECK(invariants(course.history) == Broken{4});
}

TEST_CASE("the auditor rejects more gateways down than may be (5)") {
  Course course;
  course.history.restart_at_once = 1;
  CHECK(invariants(course.history) == Broken{5});
}

TEST_CASE("the auditor rejects two gateways down before the canary has verified (5)") {
  Course course;
  course.publish(2);
  course.take("b/p");
  course.take("c/p");
  course.restart("b/p", 2, 30s);
  course.restart("c/p", 2, 20s);
  course.now += 1min;
  course.verify("b/p");
  course.verify("c/p");
  course.history.members = {};
  CHECK(invariants(course.history) == Broken{5});
  // After the canary of another certificate, too.
  course.history.restarts.back().fingerprint = nth_certificate(1).fingerprint;
  CHECK(invariants(course.history).empty());
}

TEST_CASE("the auditor does not count holders that were dropped, and hosts that go alone (5)") {
  Course course;
  course.history.restart_at_once = 1;
  auto& last = course.history.restarts.back();
  course.history.drops.push_back({last.down - 1s, last.member});
  CHECK(invariants(course.history).empty());
  course.history.drops.clear();
  last.alone = true;
  CHECK(invariants(course.history).empty());
}

TEST_CASE("the auditor counts two gateways of members with one name (5)") {
  Course course;
  course.history.restart_at_once = 1;
  auto& last = course.history.restarts.back();
  last.member = "b/p";
  CHECK(invariants(course.history).empty());
  last.gateway = "of a clone";
  CHECK(invariants(course.history) == Broken{5});
}

TEST_CASE("the auditor rejects a restart without a turn, before it, or after its end (6)") {
  Course course;
  course.restart("a/p", 1, 10s);
  CHECK(invariants(course.history) == Broken{6});
  course.history.restarts.pop_back();
  course.history.restarts.front().up += 11s;
  CHECK(invariants(course.history) == Broken{6});
  course.history.restarts.front().up -= 11s;
  course.history.restarts.front().down -= 10s;
  CHECK(invariants(course.history) == Broken{6});
}

TEST_CASE("the auditor rejects a turn while the roll-out is halted (7)") {
  Course course;
  course.rollout(halted(current_rollout(course.view), {HaltReason::by_operator, "a/p", course.now}));
  course.take("b/p");
  course.verify("b/p");
  CHECK(invariants(course.history) == Broken{7});
  course.history.overrides.push_back({course.now - 1s, "b/p"});
  CHECK(invariants(course.history).empty());
}

TEST_CASE("the auditor accepts that the host which failed tries again, alone (7)") {
  Course course;
  course.rollout(failed(current_rollout(course.view), "b/p", {"down", course.now, false}));
  course.take("b/p");
  course.verify("b/p");
  CHECK(invariants(course.history).empty());
  course.rollout(failed(current_rollout(course.view), "b/p", {"down", course.now, false}));
  course.take("c/p");
  course.verify("c/p");
  course.verify("b/p");
  CHECK(invariants(course.history) == Broken{7});
}

TEST_CASE("the auditor rejects what is left over in the end (8)") {
  Course claimed_last;
  claimed_last.claim("b/p", "claim-2");
  CHECK(invariants(claimed_last.history) == Broken{8});
  Course took;
  took.take("b/p");
  CHECK(invariants(took.history) == Broken{8});
  Course behind;
  behind.history.members[2].in_use = nth_certificate(0).fingerprint;
  CHECK(invariants(behind.history) == Broken{8});
  behind.history.members[2].explanation = "failed";
  CHECK(invariants(behind.history).empty());
}

TEST_CASE("the auditor rejects a secret in a value, in clear or in base64 (9)") {
  for (const std::string& value : {std::string("x PRIVATE KEY x"), encode_base64("PRIVATE KEY")}) {
    Course course;
    course.history.secrets = {"PRIVATE KEY"};
    CHECK(invariants(course.history).empty());
    course.put(kKeys.base() + "other", value);
    CHECK(invariants(course.history) == Broken{9});
  }
}

TEST_CASE("the auditor rejects an installation of what is not later (10)") {
  Course course;
  course.history.installations.push_back({"a/p", nth_certificate(1), nth_certificate(1)});
  CHECK(invariants(course.history) == Broken{10});
  course.history.installations.back().restores = true;
  CHECK(invariants(course.history).empty());
}

TEST_CASE("the auditor rejects an idle host that talks (11)") {
  Course course;
  course.history.idle_calls.push_back({course.now + 30min, "a/p"});
  CHECK(invariants(course.history).empty());
  course.history.idle_calls.push_back({course.now + 31min, "a/p"});
  CHECK(invariants(course.history) == Broken{11});
}
