#include "fleet/decide.hpp"

#include "fleet/transactions.hpp"
#include "support/catch.hpp"
#include "support/fleet/examples.hpp"

using namespace renewd;
using namespace renewd::fleet;
using namespace renewd::testing;
using namespace std::chrono_literals;

namespace {

constexpr BootTime kBoot = 24h;
// The certificates of the examples are valid then, for most of a year.
const TimePoint kThen = TimePoint(nth_certificate(9).not_before) + 24h;
constexpr std::string_view kMe = "b/production";

// A member of a fleet whose certificate is the first one. It expires long after kThen, unless a test says otherwise.
struct Member {
  Member() {
    self.name = kMe;
    self.installed = nth_certificate(1);
    self.in_use = nth_certificate(1);
    self.schedule_next = now.wall + 12h;
    view.revision = 100;
    sightings.saw(view, 0ns);
  }
  void publish(int n) {
    view.generation = {50, published(n), std::nullopt};
    view.rollout = {50,
                    Rollout{.generation = static_cast<std::uint64_t>(n), .fingerprint = nth_certificate(n).fingerprint},
                    std::nullopt};
  }
  Rollout& rollout() { return *view.rollout.value; }
  void answer_waits(int n) {
    self.stage = Self::Stage::answered;
    self.answer = nth_certificate(n);
    self.local.fingerprint = nth_certificate(n).fingerprint;
    self.in_window = true;
  }
  void expires_in(std::chrono::seconds left) { now.wall = TimePoint(self.in_use->not_after) - left; }
  void present(const MemberName& name, MemberState state) {
    MemberRecord record = member_record();
    record.state = state;
    view.members[name] = {60, record, std::nullopt};
  }
  Step decide() { return fleet::decide(view, sightings, self, rules, "id", now); }

  View view;
  Sightings sightings;
  Self self;
  Rules rules;
  Now now{kThen, kBoot};
};

RefusedValue refused(Refusal refusal) {
  return {refusal, "not usable"};
}

}  // namespace

TEST_CASE("a member that is due requests, but not while another one claims, nor within the fleet's delay") {
  Member member;
  CHECK(member.decide().act == Act::wait);
  member.self.due = true;
  const Step step = member.decide();
  CHECK(step.act == Act::request);
  CHECK(step.renewal->claim->member == kMe);

  member.view.renewal = {70, RenewalRecord{.claim = Claim{"x", "a/production", kThen}}, std::nullopt};
  member.sightings.saw(member.view, kBoot);
  CHECK(member.decide().act == Act::wait);
  member.now.boot += member.rules.takeover_after;
  CHECK(member.decide().act == Act::request);

  member.view.renewal = {71, RenewalRecord{.wait = 1h}, std::nullopt};
  member.sightings.saw(member.view, member.now.boot);
  CHECK(member.decide().act == Act::wait);
  member.now.boot += 1h;
  CHECK(member.decide().act == Act::request);
}

TEST_CASE("the fleet's delay is shorter, the less time is left, whatever the register says") {
  Member member;
  member.self.due = true;
  member.view.renewal = {71, RenewalRecord{.wait = 8760h}, std::nullopt};
  member.sightings.saw(member.view, member.now.boot);
  member.expires_in(8h);
  CHECK(member.decide().at == member.now.wall + 1h);
  member.expires_in(-1h);
  CHECK(member.decide().at == member.now.wall + 1min);
  member.now.boot += 1min;
  CHECK(member.decide().act == Act::request);
}

TEST_CASE("a host uses the newest certificate only if one is published, and it is that") {
  Member member;
  CHECK(member.decide().state == MemberState::apart);
  member.self.due = true;
  member.view.renewal = {71, RenewalRecord{.wait = 1h}, std::nullopt};
  member.sightings.saw(member.view, kBoot);
  CHECK(member.decide().state == MemberState::apart);
  member.publish(1);
  CHECK(member.decide().state == MemberState::current);
}

TEST_CASE("a host that waits for its turn says for whom, or who halted the restarts") {
  Member member;
  member.publish(2);
  member.answer_waits(2);
  member.rollout().holders = {{"a/production", 2, "x", kThen}};
  CHECK(member.decide().reason == "its turn comes after a/production, which restarts now");
  member.rollout().holders.push_back({"c/production", 2, "y", kThen});
  CHECK(member.decide().reason == "its turn comes after a/production and 1 other, which restart now");
  member.rollout().halt = Halt{HaltReason::by_operator, "d/production", kThen};
  CHECK(member.decide().reason == "the restarts are halted by an operator on d");
}

TEST_CASE("a claim is not taken over while its request may be under way, however short the limits") {
  Member member;
  member.self.due = true;
  member.rules.request_timeout = 5s;
  member.rules.takeover_after = 10s;
  member.view.renewal = {70, RenewalRecord{.claim = Claim{"x", "a/production", kThen}}, std::nullopt};
  member.sightings.saw(member.view, kBoot);
  member.now.boot += 14s;
  CHECK(member.decide().act == Act::wait);
  member.now.boot += 1s;
  CHECK(member.decide().act == Act::request);
}

TEST_CASE("the fleet makes no more requests a day than one host may") {
  Member member;
  member.self.due = true;
  RenewalRecord renewal;
  for (unsigned i = 0; i < member.rules.requests_per_day; ++i) {
    renewal.requests.push_back(kThen - 20h + std::chrono::minutes(i));
  }
  member.view.renewal = {70, renewal, std::nullopt};
  const Step step = member.decide();
  CHECK(step.act == Act::wait);
  CHECK(step.at == kThen + 4h);
}

TEST_CASE("what is later is adopted, and what is later here is published") {
  Member member;
  member.publish(2);
  CHECK(member.decide().act == Act::adopt);
  member.answer_waits(3);
  CHECK(member.decide().act == Act::publish);
  member.self.other_key = true;
  CHECK(member.decide().act == Act::wait);
  member.self.other_key = false;
  member.publish(4);
  CHECK(member.decide().act == Act::set_aside);
}

TEST_CASE("the first to restart is alone, then as many as the configuration says") {
  Member member;
  member.publish(2);
  member.answer_waits(2);
  member.rules.restart_at_once = 2;
  CHECK(member.decide().act == Act::take);
  member.rollout().holders = {{"a/production", 2, "x", kThen}};
  CHECK(member.decide().act == Act::wait);
  member.rollout().verified = {"c/production"};
  CHECK(member.decide().act == Act::take);
  member.rollout().holders.push_back({"d/production", 2, "y", kThen});
  CHECK(member.decide().act == Act::wait);
}

TEST_CASE("who comes first and does not act is passed over") {
  Member member;
  member.publish(2);
  member.answer_waits(2);
  member.present("a/production", MemberState::waiting);
  member.sightings.saw(member.view, kBoot);
  const Step step = member.decide();
  CHECK(step.act == Act::wait);
  CHECK(step.at == kThen + 10s);
  member.now.boot += 10s;
  CHECK(member.decide().act == Act::take);
}

TEST_CASE("a turn ends with its outcome") {
  Member member;
  member.publish(2);
  member.rollout().holders = {{std::string(kMe), 2, "x", kThen}};
  SECTION("verified") {
    member.self.installed = member.self.in_use = nth_certificate(2);
    const Step step = member.decide();
    CHECK(step.act == Act::report);
    CHECK(step.rollout->verified == std::vector<MemberName>{std::string(kMe)});
  }
  SECTION("rolled back") {
    member.answer_waits(2);
    member.self.rolled_back = 1;
    const Step step = member.decide();
    CHECK(step.rollout->failed.contains(std::string(kMe)));
    CHECK(step.rollout->halt->reason == HaltReason::failed);
  }
  SECTION("a maintenance window that closes before it begins") {
    member.answer_waits(2);
    member.self.in_window = false;
    const Step step = member.decide();
    CHECK(step.act == Act::report);
    CHECK_FALSE(step.rollout->halt);
  }
  SECTION("a host that no longer takes part") {
    member.self.takes_part = false;
  }
  CHECK(member.decide().rollout->holders.empty());
}

TEST_CASE("a gateway that is down halts the roll-out and keeps its turn, until an operator lets the others go on") {
  Member member;
  member.publish(2);
  member.rollout().holders = {{std::string(kMe), 2, "x", kThen}};
  member.present(std::string(kMe), MemberState::turn);
  member.self.stage = Self::Stage::installed;
  member.self.gateway_down = "it does not start";
  Step step = member.decide();
  REQUIRE(step.act == Act::halt);
  CHECK(step.rollout->holder(std::string(kMe)) != nullptr);

  member.rollout() = resumed(*step.rollout, member.view);
  CHECK(member.rollout().holders.empty());
  CHECK(member.decide().act == Act::deploy);  // it goes on, and halts nobody again
}

TEST_CASE("near its expiry a certificate is renewed in spite of the fleet") {
  Member member;
  member.expires_in(1h);
  member.self.due = true;
  member.self.splay = 0.99;

  SECTION("halted") {
    member.publish(2);
    member.answer_waits(2);
    member.rollout().halt = Halt{HaltReason::by_operator, "a/production", kThen};
    CHECK(member.decide().act == Act::take);
    SECTION("by a gateway that is down, and keeps its turn") {
      member.rollout().halt = Halt{HaltReason::failed, "a/production", kThen};
      member.rollout().holders = {{"a/production", 2, "x", kThen}};
      CHECK(member.decide().act == Act::take);
    }
    SECTION("while another host has a turn and does not end it") {
      member.rollout().holders = {{"a/production", 2, "x", kThen}};
      member.present("a/production", MemberState::turn);
      member.sightings.saw(member.view, member.now.boot);
      CHECK(member.decide().act == Act::wait);
      member.self.schedule_next = member.now.wall + 12h;
      CHECK(member.decide().at == member.now.wall + member.rules.lost_after);
      member.now.boot += member.rules.lost_after;
      const Step step = member.decide();
      REQUIRE(step.act == Act::take);
      CHECK(step.rollout->holder("a/production") == nullptr);
    }
  }
  SECTION("another process has its name") {
    member.self.conflict = true;
    CHECK(member.decide().act == Act::go_alone);
    member.publish(2);
    member.answer_waits(2);
    CHECK(member.decide().act == Act::deploy);
  }
  SECTION("with another key, what it obtained is deployed") {
    member.self.other_key = true;
    CHECK(member.decide().act == Act::go_alone);
    member.answer_waits(2);
    CHECK(member.decide().act == Act::deploy);
  }
  SECTION("what is published cannot be adopted") {
    member.publish(2);
    member.self.unable = "sealed with another key";
    CHECK(member.decide().act == Act::go_alone);
  }
  SECTION("what is published was given up here") {
    member.publish(2);
    member.rollout().verified = {"a/production"};
    member.self.local.fingerprint = nth_certificate(2).fingerprint;
    CHECK(member.decide().act == Act::go_alone);
  }
  SECTION("a newer version wrote the register") {
    member.view.renewal = {70, std::nullopt, refused(Refusal::newer_version)};
    CHECK(member.decide().act == Act::go_alone);
  }
  SECTION("but not all hosts at the same time") {
    member.self.other_key = true;
    member.expires_in(60h);
    CHECK(member.decide().act == Act::wait);
    member.self.splay = 0;
    CHECK(member.decide().act == Act::go_alone);
  }
  SECTION("never, if so configured") {
    member.rules.alone_after = 0s;
    member.self.other_key = true;
    CHECK(member.decide().act == Act::wait);
  }
}

TEST_CASE("what cannot be parsed is replaced, and what a newer version wrote is not") {
  Member member;
  member.self.due = true;
  member.view.renewal = {70, std::nullopt, refused(Refusal::tampered)};
  CHECK(member.decide().act == Act::request);
  member.view.renewal.refused = refused(Refusal::too_large);
  CHECK(member.decide().act == Act::request);
  member.view.renewal.refused = refused(Refusal::newer_version);
  CHECK(member.decide().act == Act::wait);
}

TEST_CASE("what an operator rolled back is neither published nor adopted") {
  Member member;
  member.self.local.fingerprint = nth_certificate(1).fingerprint;
  member.self.local.declined = nth_certificate(2).fingerprint;
  member.publish(2);
  CHECK(member.decide().act == Act::wait);
  CHECK(member.decide().state == MemberState::apart);
  // It is still installed, because the command failed.
  member.view.generation = {};
  member.self.installed = member.self.in_use = nth_certificate(2);
  CHECK(member.decide().act == Act::wait);
  member.self.local.declined.clear();
  member.publish(3);
  CHECK(member.decide().act == Act::adopt);
}

TEST_CASE("registers that cannot be parsed are written again, and a roll-out then waits for an operator") {
  Member member;
  member.publish(1);
  member.self.in_use.reset();
  const auto damage = GENERATE(Refusal::tampered, Refusal::too_large);
  member.view.renewal = {70, std::nullopt, refused(damage)};
  Step step = member.decide();
  CHECK(step.act == Act::end_claim);
  CHECK(step.renewal == RenewalRecord());
  member.view.renewal = {};
  member.view.rollout = {70, std::nullopt, refused(damage)};
  step = member.decide();
  CHECK(step.act == Act::halt);
  CHECK(step.rollout->halt->reason == HaltReason::by_operator);
  member.view.rollout.refused = refused(Refusal::newer_version);
  CHECK(member.decide().act == Act::wait);
}

TEST_CASE("a member ends its own claim when nothing of it is under way") {
  Member member;
  member.view.renewal = {70, RenewalRecord{.claim = Claim{"x", std::string(kMe), kThen - 1min}}, std::nullopt};
  SECTION("a crash before the request is no failure") {
    const Step step = member.decide();
    CHECK(step.act == Act::end_claim);
    CHECK(step.renewal->failures == 0);
  }
  SECTION("after it, the outcome is unknown") {
    member.self.last_request = kThen;
    CHECK(member.decide().renewal->failed->failure_class == "timeout");
  }
  SECTION("while its answer waits until it is valid") {
    member.self.stage = Self::Stage::answered;
    member.self.delayed = true;
    CHECK(member.decide().act == Act::end_claim);
  }
}
