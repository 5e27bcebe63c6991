// `fleet status` for people, at several widths (golden/), and as JSON.
#include "commands/fleet_text.hpp"

#include <algorithm>

#include <boost/json.hpp>

#include "commands/fleet_rows.hpp"
#include "commands/layout.hpp"
#include "golden.hpp"
#include "support/catch.hpp"
#include "support/fleet/examples.hpp"

using namespace renewd;
using namespace renewd::commands;
using namespace renewd::testing;
using namespace std::chrono_literals;
using fleet::MemberState;

namespace {

void add(fleet::View& view, const std::string& name, MemberState state, int installed, int in_use,
         const std::string& reason = {}) {
  fleet::MemberRecord record{.machine = "m",
                             .process = "p",
                             .version = "1.0.0",
                             .key_id = "0123456789abcdef",
                             .state = state,
                             .reason = reason,
                             .generation = installed == 9 ? 0U : static_cast<std::uint64_t>(installed),
                             .installed = nth_certificate(installed),
                             .in_use = nth_certificate(in_use),
                             .since = kNow - 3h};
  view.members[name] = {.revision = 5, .value = record};
}

// Generation 3 is on its way; one host has failed, another was lost.
fleet::View rolling() {
  fleet::View view;
  view.revision = 12;
  view.generation = {.revision = 9, .value = published(3)};
  view.rollout = {.revision = 11, .value = rollout()};
  view.renewal = {.revision = 10, .value = renewal_record()};
  add(view, "a/production", MemberState::turn, 2, 2);
  add(view, "c/production", MemberState::failed, 2, 2);
  add(view, "d/production", MemberState::current, 3, 3);
  add(view, "e/production", MemberState::waiting, 2, 2, "its turn comes after a/production");
  add(view, "gateway-17.frankfurt.example.com/production", MemberState::ready, 2, 2,
      "a renewed certificate is ready to be installed; the next of activate_windows is Sun 02:14 Europe/Paris");
  add(view, "h/production", MemberState::apart, 9, 9, "`renew: never`: this host takes no part");
  view.members["i/production"] = {
      .revision = 7, .refused = fleet::RefusedValue{fleet::Refusal::newer_version, "it needs a reader of version 2"}};
  return view;
}

Screen screen_of_width(std::size_t width) {
  Screen screen;
  screen.width = width;
  return screen;
}

std::size_t longest_line(std::string_view text) {
  std::size_t longest = 0;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    longest = std::max(longest, columns(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return longest;
}

}  // namespace

TEST_CASE("fleet status shows every host and fits the screen") {
  for (const std::size_t width : {std::size_t{80}, std::size_t{120}}) {
    const std::string text = fleet_table("7b6f41d3", rolling(), "d", kNow, screen_of_width(width));
    check_golden("fleet-status-" + std::to_string(width) + ".txt", text);
    CHECK(longest_line(text) <= width);
  }
  for (std::size_t width = 80; width < 200; ++width) {
    CHECK(longest_line(fleet_table("7b6f41d3", rolling(), "d", kNow, screen_of_width(width))) <= width);
  }
}

TEST_CASE("fleet status before anything is published") {
  check_golden("fleet-status-empty.txt", fleet_table("7b6f41d3", {}, "d", kNow, screen_of_width(80)));
  // The hosts have joined, and an operator has halted the restarts.
  fleet::View view;
  add(view, "a/production", MemberState::apart, 9, 9);
  add(view, "d/production", MemberState::apart, 9, 9);
  view.members["d/production"].value->in_use.reset();
  view.rollout = {.revision = 3,
                  .value = fleet::Rollout{.halt = fleet::Halt{fleet::HaltReason::by_operator, "d/production", kNow}}};
  check_golden("fleet-status-joined.txt", fleet_table("7b6f41d3", view, "d", kNow, screen_of_width(80)));
}

TEST_CASE("one certificate has one number, whatever a host remembers of it") {
  auto view = rolling();
  for (const std::uint64_t remembered : {0U, 2U, 3U}) {
    add(view, "d/production", MemberState::current, 3, 3);
    view.members["d/production"].value->generation = remembered;
    const auto rows = fleet_rows(view).rows;
    const auto row = std::ranges::find(rows, "d/production", &FleetRow::name);
    REQUIRE(row != rows.end());
    CHECK(row->generation == 3);
    CHECK(row->generation_in_use == 3);
  }
  add(view, "d/production", MemberState::apart, 9, 2);
  const auto rows = fleet_rows(view).rows;
  const auto row = std::ranges::find(rows, "d/production", &FleetRow::name);
  CHECK(row->generation == 0);
  CHECK(row->generation_in_use == 0);
}

TEST_CASE("fleet status shows that two processes have one name") {
  auto view = rolling();
  view.conflicts["d/production/p"] = 9;
  view.conflicts["e/production/another"] = 9;
  const auto rows = fleet_rows(view).rows;
  for (const auto& row : rows) {
    const bool is_shown = row.why.find("the same name") != std::string::npos;
    CHECK(is_shown == (row.name == "d/production"));
  }
}

TEST_CASE("a host that waits for its turn waits for what the roll-out says now") {
  auto view = rolling();
  const auto why = [&view] {
    const auto rows = fleet_rows(view).rows;
    return std::ranges::find(rows, "e/production", &FleetRow::name)->why;
  };
  CHECK_THAT(why(), ContainsSubstring("halted because the gateway of c/production failed"));
  view.rollout.value->halt.reset();
  CHECK_THAT(why(), ContainsSubstring("after a/production and 1 other"));
  view.rollout.value->holders.clear();
  CHECK(why() == "its turn comes after a/production");
}

TEST_CASE("fleet status escapes what others wrote") {
  auto view = rolling();
  add(view, "x\x1b[2J/production", MemberState::unable, 2, 2, "\x1b]0;title\x07 \u202e");
  view.renewal.value->failed->message = "HTTP 500\x1b[31m";
  const std::string text = fleet_table("7b6f41d3", view, "d", kNow, screen_of_width(80));
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find("\u202e") == std::string::npos);
  CHECK_THAT(text, ContainsSubstring("\\x1b"));
}

TEST_CASE("hosts are counted once, also those that are missing") {
  const auto rows = fleet_rows(rolling());
  CHECK(rows.rows.size() == 8);
  CHECK(rows.present == 7);
  CHECK(rows.missing == 1);
  CHECK(rows.in_use == 1);
  CHECK(rows.restarting == 2);
  CHECK(rows.failed == 1);
}

TEST_CASE("fleet status as JSON has every host, and null for what is not known") {
  const auto json = fleet_json("7b6f41d3", rolling());
  CHECK(json.at("account") == "7b6f41d3");
  CHECK(json.at("newest").at("generation") == 3);
  CHECK(json.at("renewal").at("leader") == "a/production");
  CHECK(json.at("halted").at("reason") == "failed");
  CHECK(json.at("hosts") == 7);
  const auto& members = json.at("members").as_array();
  REQUIRE(members.size() == 8);
  CHECK(members.at(0).at("member") == "a/production");
  CHECK(members.at(0).at("restarting") == true);
  CHECK(members.at(1).at("state") == "missing");
  CHECK(members.at(1).at("installed").is_null());
  CHECK(members.at(3).at("generation") == 3);
  CHECK(members.at(6).at("member") == "h/production");
  CHECK(members.at(6).at("generation").is_null());
  const auto empty = fleet_json("7b6f41d3", {});
  CHECK(empty.at("newest").is_null());
  CHECK(empty.at("halted").is_null());
  CHECK(empty.at("members").as_array().empty());
}
