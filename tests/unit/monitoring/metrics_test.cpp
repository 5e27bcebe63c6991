#include "monitoring/metrics.hpp"

#include "monitoring/markup.hpp"
#include "shown_board.hpp"
#include "support/catch.hpp"

using namespace renewd;
using namespace renewd::monitoring;
using namespace renewd::testing;

TEST_CASE("severity and findings are metrics, and a finding that is gone has none") {
  ShownBoard board;
  board.now = day(340);
  auto failing = standing("production", 340);
  fail(failing, "HTTP 503");
  failing.token_problem = Problem{"the account token expired"};
  board.add(std::move(failing));
  board.add(standing("watched", 340));
  board.names.emplace_back("unseen");
  const std::string metrics = board.metrics();
  CHECK(contains(metrics, "gravitee_renewd_severity{certificate=\"production\"} 1\n"));
  const auto finding = [](const std::string& kind) {
    return "finding{certificate=\"production\",kind=\"" + kind + "\",severity=\"warning\"} 1\n";
  };
  CHECK(contains(metrics, finding("renewal_failing")));
  CHECK(contains(metrics, finding("token_unusable")));
  CHECK(contains(metrics, "renewal_failing{certificate=\"production\",class=\"server_error\"} 1\n"));
  CHECK(contains(metrics, "renewal_failing{certificate=\"production\",class=\"unauthorized\"} 0\n"));
  CHECK_FALSE(contains(metrics, "severity{certificate=\"unseen\"}"));
  board.standings.at("production").token_problem.reset();
  CHECK_FALSE(contains(board.metrics(), finding("token_unusable")));
  board.now = day(10);
  CHECK(contains(board.metrics(), "gravitee_renewd_severity{certificate=\"production\"} 0\n"));
  CHECK_FALSE(contains(board.metrics(), "not_expiring"));
}

TEST_CASE("gauges show the board and omit unknown values") {
  ShownBoard board;
  auto known = standing("known", 10);
  fail(known, "HTTP 503");
  board.add(std::move(known));
  auto broken = standing("broken", 10);
  broken.outlook = failure(ErrorKind::disk, "gone");
  broken.in_use.reset();
  broken.history.clear();
  board.add(std::move(broken));
  board.names.emplace_back("unseen");
  const std::string metrics = board.metrics();
  const auto line = [](const std::string& name, const std::string& certificate, TimePoint value) {
    return "gravitee_renewd_" + name + "_timestamp_seconds{certificate=\"" + certificate + "\"} " +
           std::to_string(std::chrono::floor<std::chrono::seconds>(value.time_since_epoch()).count()) + "\n";
  };
  CHECK(contains(metrics, line("certificate_not_before", "known", day(0))));
  CHECK(contains(metrics, line("certificate_not_after", "known", day(365))));
  CHECK(contains(metrics, line("certificate_in_use_not_after", "known", day(365))));
  CHECK(contains(metrics, line("next_renewal", "known", day(335) + 9h)));
  CHECK(contains(metrics, line("next_attempt", "known", day(335) + 9h)));
  CHECK(contains(metrics, line("last_check", "known", day(10))));
  CHECK(contains(metrics, line("last_success", "known", day(0) + 2h)));
  CHECK(contains(metrics, "consecutive_failures{certificate=\"known\"} 3\n"));
  CHECK(contains(metrics, "certificate_readable{certificate=\"known\"} 1\n"));
  CHECK(contains(metrics, "activation_pending{certificate=\"known\"} 0\n"));
  CHECK(contains(metrics, "certificate_readable{certificate=\"broken\"} 0\n"));
  CHECK(contains(metrics, line("last_check", "broken", day(10))));
  for (const std::string unknown :
       {"certificate_not_after", "certificate_in_use_not_after", "last_success", "next_renewal", "next_attempt"}) {
    CHECK_FALSE(contains(metrics, unknown + "_timestamp_seconds{certificate=\"broken\"}"));
  }
  CHECK_FALSE(contains(metrics, "readable{certificate=\"unseen\"}"));
}

TEST_CASE("a fleet has metrics, and without one there are none") {
  ShownBoard board;
  board.now = day(10);
  auto member = standing("member", 10);
  board.add(member);
  CHECK_FALSE(contains(board.metrics(), "gravitee_renewd_fleet"));
  member.fleet = report::FleetStatus{.hosts = 20,
                                     .hosts_in_use_of_newest = 12,
                                     .generation = 7,
                                     .newest_not_after = std::chrono::floor<std::chrono::seconds>(day(375)),
                                     .waiting = true,
                                     .halt = state::FleetHalt{"lost", "gateway-3/member", day(9)},
                                     .behind_since = day(9),
                                     .state = "waiting"};
  member.fleet_failures = {{"timeout", 3}};
  board.standings.insert_or_assign("member", member);
  const std::string metrics = board.metrics();
  for (const std::string line :
       {"reachable{certificate=\"member\"} 1", "hosts{certificate=\"member\"} 20",
        "hosts_in_use_of_newest{certificate=\"member\"} 12", "generation{certificate=\"member\"} 7",
        "leading{certificate=\"member\"} 0", "waiting{certificate=\"member\"} 1", "halted{certificate=\"member\"} 1",
        "lag_seconds{certificate=\"member\"} 86400", "request_failures_total{class=\"timeout\"} 3",
        "request_failures_total{class=\"no_leader\"} 0"}) {
    CAPTURE(line);
    CHECK(contains(metrics, "gravitee_renewd_fleet_" + line + "\n"));
  }
  CHECK(contains(board.page(), "generation 7, in use on 12 of 20 hosts"));
}

TEST_CASE("the page and the metrics escape invisible characters") {
  ShownBoard board;
  board.now = day(340);
  board.add(standing("production", 340));
  fail(board.standings.at("production"), "\x1b[2J \u202ereversed\u2028 \xff");
  CHECK(contains(board.page(), "\\x1b[2J \\xe2\\x80\\xaereversed\\xe2\\x80\\xa8 \\xff"));
  CHECK(html_escaped("<\x1b>\n") == "&lt;\\x1b&gt;\n");
  const std::string labels =
      exposition({Family{"x", MetricType::gauge, "help", {Sample{{{"l", "\u202e\x1b\n\""}}, 1}}}});
  CHECK(contains(labels, R"(l="\\xe2\\x80\\xae\\x1b\n\"")"));
}
