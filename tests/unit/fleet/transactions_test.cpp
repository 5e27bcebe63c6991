#include "fleet/transactions.hpp"

#include "support/catch.hpp"
#include "support/fleet/examples.hpp"

using namespace renewd;
using namespace renewd::fleet;
using namespace renewd::testing;
using namespace std::chrono_literals;

namespace {

View view_of_all() {
  View view{.revision = 9};
  view.renewal = {4, renewal_record(), {}};
  view.generation = {5, published(3), {}};
  view.rollout = {6, rollout(), {}};
  view.members["a/production"] = {7, member_record(), {}};
  return view;
}

Rollout rolling() {
  return {.generation = 3, .fingerprint = "AB3"};
}

using Compare = Transaction::Compare;
using Put = Transaction::Put;

}  // namespace

TEST_CASE("each transaction compares what its decision rests on, and reads all if that has changed") {
  const View view = view_of_all();
  const RenewalRecord renewal;
  const Transaction claim = write_renewal(view, kKeys, renewal);
  CHECK(claim.compare == std::vector<Compare>{{kKeys.renewal(), 4}, {kKeys.generation(), 5}});
  CHECK(claim.put == std::vector<Put>{{kKeys.renewal(), serialize(renewal), false}});
  CHECK(claim.read == kKeys.base());

  const Transaction turn = write_rollout(view, kKeys, rollout());
  CHECK(turn.compare == std::vector<Compare>{{kKeys.rollout(), 6}});
  CHECK(turn.put == std::vector<Put>{{kKeys.rollout(), serialize(rollout()), false}});
  CHECK(turn.read == kKeys.base());

  const Transaction again = reseal(view, kKeys, published(3));
  CHECK(again.compare == std::vector<Compare>{{kKeys.generation(), 5}});
  CHECK(again.put == std::vector<Put>{{kKeys.generation(), serialize(published(3)), false}});
  CHECK(again.read == kKeys.base());
}

TEST_CASE("in an empty fleet, transactions demand that nothing is there") {
  CHECK(write_renewal(View(), kKeys, {}).compare ==
        std::vector<Compare>{{kKeys.renewal(), 0}, {kKeys.generation(), 0}});
  CHECK(publish(View(), kKeys, published(1)).compare.size() == 3);
}

TEST_CASE("publishing ends any claim and the failures, and begins a roll-out with the same holders") {
  const Transaction transaction = publish(view_of_all(), kKeys, published(4));
  CHECK(transaction.compare ==
        std::vector<Compare>{{kKeys.renewal(), 4}, {kKeys.generation(), 5}, {kKeys.rollout(), 6}});
  REQUIRE(transaction.put.size() == 3);
  CHECK(transaction.put[0].value == serialize(published(4)));
  CHECK(parse_renewal(transaction.put[1].value).value() == RenewalRecord{.requests = renewal_record().requests});
  const Rollout begun = parse_rollout(transaction.put[2].value).value();
  CHECK(begun == Rollout{.generation = 4, .fingerprint = "AB4", .holders = rollout().holders});
}

TEST_CASE("an operator's halt survives a publication, others do not") {
  View view = view_of_all();
  view.rollout.value->halt = Halt{HaltReason::by_operator, "a/production", kNow};
  CHECK(parse_rollout(publish(view, kKeys, published(4)).put[2].value).value().halt == view.rollout.value->halt);
  view.rollout.value->halt->reason = HaltReason::lost;
  CHECK_FALSE(parse_rollout(publish(view, kKeys, published(4)).put[2].value).value().halt);
}

TEST_CASE("a member writes its own record under a lease, unless the name is another machine's") {
  View view = view_of_all();
  const auto own = write_presence(view, kKeys, "a/production", member_record()).value();
  CHECK(own.compare == std::vector<Compare>{{kKeys.member("a/production"), 7}});
  CHECK(own.put == std::vector<Put>{{kKeys.member("a/production"), serialize(member_record()), true}});
  MemberRecord other = member_record();
  other.process = "p2";
  CHECK(write_presence(view, kKeys, "a/production", other));
  other.machine = "m2";
  CHECK_FALSE(write_presence(view, kKeys, "a/production", other));
  CHECK(write_presence(view, kKeys, "b/production", other).value().compare.front().mod_revision == 0);
  view.members["a/production"] = {8, {}, RefusedValue{Refusal::newer_version, ""}};
  CHECK_FALSE(write_presence(view, kKeys, "a/production", member_record()));
  view.members["a/production"] = {8, {}, RefusedValue{Refusal::tampered, ""}};
  CHECK(write_presence(view, kKeys, "a/production", member_record()));
}

TEST_CASE("a process removes its own record alone") {
  const View view = view_of_all();
  const std::string process = member_record().process;
  const auto own = remove_presence(view, kKeys, "a/production", process).value();
  CHECK(own.compare == std::vector<Compare>{{kKeys.member("a/production"), 7}});
  CHECK(own.put.empty());
  CHECK(own.remove == std::vector<std::string>{kKeys.member("a/production")});
  CHECK_FALSE(remove_presence(view, kKeys, "a/production", "another"));
  CHECK_FALSE(remove_presence(view, kKeys, "b/production", process));
}

TEST_CASE("a conflict is reported once, to the process that is the member, for as long as the reporter lives") {
  View view = view_of_all();
  const auto report = report_conflict(view, kKeys, "a/production").value();
  const std::string key = kKeys.conflict("a/production", member_record().process);
  CHECK(report.compare == std::vector<Compare>{{key, 0}});
  REQUIRE(report.put.size() == 1);
  CHECK(report.put.front().key == key);
  CHECK(report.put.front().leased);
  CHECK_FALSE(report_conflict(view, kKeys, "nobody/production"));
  apply({.revision = view.revision + 1, .puts = {{key, "", view.revision + 1}}, .deleted = {}}, kKeys, view);
  CHECK_FALSE(report_conflict(view, kKeys, "a/production"));
  view.members["a/production"].value->process = "p2";
  CHECK(report_conflict(view, kKeys, "a/production"));
  view.members["a/production"] = {8, {}, RefusedValue{Refusal::newer_version, ""}};
  CHECK_FALSE(report_conflict(view, kKeys, "a/production"));
}

TEST_CASE("a claim counts as a request, and old ones no longer do") {
  View view = view_of_all();
  view.renewal.value->requests = {kNow - 25h, kNow - 24h, kNow - 23h, kNow + 48h};
  const RenewalRecord record = claimed(view, {"claim-2", "b/production", kNow});
  CHECK(record.claim == Claim{"claim-2", "b/production", kNow, 0});
  CHECK(record.requests == std::vector<TimePoint>{kNow - 23h, kNow});
  CHECK(record.failures == 3);
  CHECK(record.wait == 90s);
}

TEST_CASE("only the same claim is confirmed") {
  const View view = view_of_all();
  CHECK(confirmed(view, "claim-1").value().claim->confirmed == 3);
  CHECK(confirmed(view, "claim-1").value().requests == renewal_record().requests);
  CHECK_FALSE(confirmed(view, "claim-2"));
  CHECK_FALSE(confirmed(View(), "claim-1"));
}

TEST_CASE("a claim ends with a failure, or without one if nothing was requested") {
  const View view = view_of_all();
  const FailedRequest failure{"a/production", "timeout", "no response", kNow};
  const RenewalRecord failed_request = claim_ended(view, failure, 5min);
  CHECK_FALSE(failed_request.claim);
  CHECK(failed_request.failures == 4);
  CHECK(failed_request.failed == failure);
  CHECK(failed_request.wait == 5min);
  const RenewalRecord never_made = claim_ended(view, {}, 0s);
  CHECK_FALSE(never_made.claim);
  CHECK(never_made.failures == 3);
  CHECK(never_made.wait == 90s);
}

TEST_CASE("the roll-out of another generation begins again, with its holders") {
  View view = view_of_all();
  CHECK(current_rollout(view) == rollout());
  view.generation.value = published(4);
  CHECK(current_rollout(view) == Rollout{.generation = 4, .fingerprint = "AB4", .holders = rollout().holders});
  view.rollout = {};
  CHECK(current_rollout(view) == Rollout{.generation = 4, .fingerprint = "AB4"});
  CHECK(current_rollout(View()) == Rollout());
}

TEST_CASE("a turn is taken once, and names stay sorted") {
  Rollout rollout = taken(rolling(), {"b/p", 3, "1", kNow});
  rollout = taken(rollout, {"a/p", 3, "2", kNow});
  rollout = taken(rollout, {"b/p", 3, "3", kNow});
  REQUIRE(rollout.holders.size() == 2);
  CHECK(rollout.holders[0].member == "a/p");
  CHECK(rollout.holder("b/p")->id == "3");
  rollout = verified(verified(rollout, "b/p"), "a/p");
  CHECK(rollout.holders.empty());
  CHECK(rollout.verified == std::vector<MemberName>{"a/p", "b/p"});
}

TEST_CASE("a failure halts the roll-out, and its end resumes it") {
  Rollout rollout = taken(rolling(), {"a/p", 3, "1", kNow});
  rollout = failed(rollout, "a/p", {"down", kNow, false});
  CHECK(rollout.holders.empty());
  CHECK(rollout.halt == Halt{HaltReason::failed, "a/p", kNow});
  CHECK(released(rollout, "b/p").halt);
  rollout = verified(taken(rollout, {"a/p", 3, "2", kNow}), "a/p");
  CHECK_FALSE(rollout.halt);
  CHECK(rollout.failed.empty());
}

TEST_CASE("a roll-out stays halted until the last failed or lost member has recovered") {
  Rollout rollout = failed(rolling(), "a/p", {"down", kNow, false});
  rollout = lost(taken(rollout, {"b/p", 3, "1", kNow}), "b/p", kNow);
  CHECK(rollout.halt->member == "a/p");
  rollout = verified(rollout, "a/p");
  CHECK(rollout.halt);
  rollout = returned(rollout, "b/p");
  CHECK_FALSE(rollout.halt);
  CHECK(rollout.holder("b/p") != nullptr);
}

TEST_CASE("a gateway that is down halts the roll-out as long as it has its slot") {
  Rollout rollout = taken(taken(rolling(), {"a/p", 3, "1", kNow}), {"b/p", 3, "2", kNow});
  rollout = halted(rollout, {HaltReason::failed, "a/p", kNow});
  CHECK(verified(rollout, "b/p").halt);
  CHECK_FALSE(verified(rollout, "a/p").halt);
}

TEST_CASE("an operator's halt ends only by resuming") {
  Rollout rollout = halted(taken(rolling(), {"a/p", 3, "1", kNow}), {HaltReason::by_operator, "x/p", kNow});
  rollout = failed(rollout, "a/p", {"down", kNow, false});
  CHECK(rollout.halt->reason == HaltReason::by_operator);
  rollout = verified(rollout, "a/p");
  CHECK(rollout.halt);
  CHECK_FALSE(resumed(rollout, View()).halt);
}

TEST_CASE("resuming drops absent holders, and excuses the failed and the lost") {
  View view = view_of_all();
  const Rollout after = resumed(rollout(), view);
  CHECK_FALSE(after.halt);
  CHECK(after.holders == std::vector<Holder>{rollout().holders[0]});
  CHECK(after.failed.empty());
  CHECK(after.lost.empty());
  CHECK(after.excused == std::vector<MemberName>{"b/production", "c/production", "e/production"});
  const Rollout again = failed(after, "c/production", {"down again", kNow, true});
  CHECK_FALSE(again.halt);
  CHECK(again.failed.contains("c/production"));
}
