#include "fleet/records.hpp"

#include <random>

#include <boost/json.hpp>

#include "support/catch.hpp"
#include "support/fleet/examples.hpp"

using namespace renewd;
using namespace renewd::fleet;
using namespace renewd::testing;
using namespace std::chrono_literals;

namespace {

// Each value after which a parser may stumble, in the place of each member of an object, at any depth.
const char* const kWrong[] = {"null",
                              "-1",
                              "0.5",
                              "1e300",
                              "9223372036854775807",
                              "18446744073709551615",
                              "{}",
                              "[{}]",
                              "[7]",
                              "true",
                              "\"\"",
                              R"("\u001b[2J")",
                              "[[]]",
                              R"(["x"])",
                              R"({"x":7})"};

template <typename Visit>
void each_mutation(const boost::json::value& whole, boost::json::value& part, Visit visit) {
  const auto replace = [&](boost::json::value& place) {
    const boost::json::value before = place;
    for (const char* const wrong : kWrong) {
      place = boost::json::parse(wrong);
      visit(boost::json::serialize(whole));
    }
    place = before;
    each_mutation(whole, place, visit);
  };
  if (auto* const object = part.if_object()) {
    for (auto& member : *object) {
      replace(member.value());
    }
  } else if (auto* const array = part.if_array()) {
    for (auto& element : *array) {
      replace(element);
    }
  }
}

// Parses to the same again whatever it has accepted, and refuses the rest by name.
template <typename Parse>
void check_totally(const std::string& text, Parse parse) {
  const auto check = [&parse](const std::string& damaged) {
    const auto parsed = parse(damaged);
    if (parsed) {
      CHECK(parse(serialize(*parsed)).has_value());
    } else {
      CHECK((parsed.error().refusal == Refusal::tampered || parsed.error().refusal == Refusal::newer_version));
      CHECK_FALSE(parsed.error().message.empty());
    }
  };
  for (std::size_t length = 0; length < text.size(); ++length) {
    check(text.substr(0, length));
  }
  std::mt19937 random(7);  // NOLINT(cert-msc51-cpp): the same texts in each run
  for (int i = 0; i < 2000; ++i) {
    std::string damaged = text;
    for (int changes = 0; changes < 1 + i % 4; ++changes) {
      damaged[random() % damaged.size()] = static_cast<char>(random());
    }
    check(damaged);
  }
  boost::json::value whole = boost::json::parse(text.substr(0, text.find('\n')));
  const std::string rest = text.find('\n') == std::string::npos ? "" : text.substr(text.find('\n'));
  each_mutation(whole, whole, [&](const std::string& mutated) { check(mutated + rest); });
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto place = text.find(from);
  REQUIRE(place != std::string::npos);
  return text.replace(place, from.size(), to);
}

template <typename T>
Refusal refusal_of(const Accepted<T>& accepted) {
  REQUIRE_FALSE(accepted);
  return accepted.error().refusal;
}

}  // namespace

TEST_CASE("a renewal is written and read") {
  const RenewalRecord record = renewal_record();
  CHECK(serialize(record) ==
        R"({"v":1,"state":"asking","claim":{"id":"claim-1","member":"a/production","at":1800000000,"confirmed":2},)"
        R"("requests":[1799992800,1800000000],"failures":3,"failed":{"member":"b/production","class":"server_error",)"
        R"("message":"HTTP 503","at":1799996400},"wait":90})");
  CHECK(parse_renewal(serialize(record)).value() == record);
  CHECK(serialize(RenewalRecord()) == R"({"v":1,"state":"idle","requests":[],"failures":0,"wait":0})");
  CHECK(parse_renewal(serialize(RenewalRecord())).value() == RenewalRecord());
}

TEST_CASE("a roll-out is written and read") {
  const Rollout record = rollout();
  CHECK(serialize(record) ==
        R"({"v":1,"generation":3,"fingerprint":"AB3","state":"halted","holders":[)"
        R"({"member":"a/production","generation":3,"id":"turn-1","at":1800000000},)"
        R"({"member":"b/production","generation":3,"id":"turn-2","at":1800000000}],"verified":["d/production"],)"
        R"("failed":{"c/production":{"message":"it did not start","at":1800000000,"given_up":true}},)"
        R"("lost":["b/production"],"excused":["e/production"],)"
        R"("halt":{"reason":"failed","member":"c/production","at":1800000000}})");
  CHECK(parse_rollout(serialize(record)).value() == record);
  Rollout rolling = record;
  rolling.halt.reset();
  CHECK(parse_rollout(serialize(rolling)).value() == rolling);
}

TEST_CASE("a member is written and read") {
  CHECK(parse_member(serialize(member_record())).value() == member_record());
  MemberRecord record = member_record();
  record.installed.reset();
  record.in_use.reset();
  for (const MemberState state :
       {MemberState::current, MemberState::ready, MemberState::waiting, MemberState::turn, MemberState::failed,
        MemberState::unable, MemberState::leading, MemberState::apart, MemberState::alone}) {
    record.state = state;
    CHECK(parse_member(serialize(record)).value() == record);
  }
}

TEST_CASE("a published generation is two lines, and its header stays as it was received") {
  const std::string text = serialize(published(3));
  CHECK(text.starts_with(R"({"v":1,"min_reader":1,"account":"7b6f41d3","generation":3,"key_id":"0123456789abcdef",)"));
  CHECK_THAT(text, EndsWith("\nc2VhbGVkAP8="));
  CHECK(parse_published(text).value() == published(3));

  const std::string with_more = replaced(text, R"({"v":1,)", R"({ "v": 1, "later": [1], )");
  const auto parsed = parse_published(with_more);
  REQUIRE(parsed);
  CHECK(parsed->header == header(3));
  CHECK(serialize(*parsed) == with_more);
}

TEST_CASE("unknown members are ignored, and a value for newer readers is refused by that name") {
  CHECK(parse_renewal(R"({"v":2,"min_reader":1,"x":{},"state":"idle","requests":[],"failures":0,"wait":0})"));
  CHECK(refusal_of(parse_renewal(R"({"min_reader":2,"v":2})")) == Refusal::newer_version);
  CHECK(refusal_of(parse_rollout(R"({"min_reader":2})")) == Refusal::newer_version);
  CHECK(refusal_of(parse_member(R"({"min_reader":1000})")) == Refusal::newer_version);
  CHECK(refusal_of(parse_published("{\"min_reader\":2}\nin another form")) == Refusal::newer_version);
  CHECK(refusal_of(parse_member(R"({"min_reader":"2"})")) == Refusal::tampered);
}

TEST_CASE("no text makes a parser fail otherwise than by a refusal") {
  check_totally(serialize(renewal_record()), parse_renewal);
  check_totally(serialize(rollout()), parse_rollout);
  check_totally(serialize(member_record()), parse_member);
  check_totally(serialize(published(3)), parse_published);
  CHECK(refusal_of(parse_renewal(std::string(100'000, '['))) == Refusal::tampered);
}

TEST_CASE("a value that is too large is refused by that name") {
  const std::string large(kPublishedLimit + 1, ' ');
  CHECK(refusal_of(parse_published(large)) == Refusal::too_large);
  CHECK(refusal_of(parse_rollout(large)) == Refusal::too_large);
}

TEST_CASE("lists are sorted and unique, and no longer than a fleet") {
  const std::string text = serialize(rollout());
  const std::string names = R"(["d/production"])";
  CHECK(parse_rollout(replaced(text, names, R"(["z/p","a/p"])")).value().verified ==
        std::vector<MemberName>{"a/p", "z/p"});
  CHECK(refusal_of(parse_rollout(replaced(text, names, R"(["a/p","a/p"])"))) == Refusal::tampered);
  CHECK(refusal_of(parse_rollout(replaced(text, R"("b/production","generation")", R"("a/production","generation")"))) ==
        Refusal::tampered);
  std::string many = "[\"m0/p\"";
  for (int i = 1; i < 1000; ++i) {
    many += ",\"m" + std::to_string(i) + "/p\"";
  }
  CHECK(parse_rollout(replaced(text, names, many + "]")).value().verified.size() == 1000);
  CHECK(refusal_of(parse_rollout(replaced(text, names, many + ",\"x/p\"]"))) == Refusal::tampered);
}

TEST_CASE("messages for people become printable, names that are not are refused") {
  const auto text = replaced(serialize(rollout()), "it did not start", R"(\u001b[2Jdown)");
  CHECK_THAT(parse_rollout(text).value().failed.at("c/production").message, StartsWith("\\x1b[2Jdown"));
  for (const char* const name : {"", "a", "/", "a/", "/p", "a/b/c", "a b/p", R"(a\n/p)", R"(a/\u202ep)"}) {
    CAPTURE(name);
    CHECK_FALSE(parse_rollout(replaced(serialize(rollout()), "c/production", name)));
  }
}

TEST_CASE("what a member's name may be") {
  for (const char* const good : {"a/p", "host-1.example.org/production", "h\xc3\xa9/p"}) {
    CHECK(is_member_name(good));
  }
  for (const std::string& bad : {std::string("a\0/p", 4), std::string("\xff/p"), std::string(256, 'h') + "/p"}) {
    CHECK_FALSE(is_member_name(bad));
  }
}

TEST_CASE("certificates are ordered by their end, then by their beginning") {
  CHECK(is_later(nth_certificate(2), nth_certificate(1)));
  CHECK_FALSE(is_later(nth_certificate(1), nth_certificate(2)));
  auto same = nth_certificate(1);
  same.fingerprint = "CD";
  CHECK_FALSE(is_later(same, nth_certificate(1)));
  same.not_before += 1s;
  CHECK(is_later(same, nth_certificate(1)));
}
