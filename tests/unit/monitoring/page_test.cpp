#include "monitoring/page.hpp"

#include <algorithm>

#include "assessment_cases.hpp"
#include "core/text.hpp"
#include "monitoring/markup.hpp"
#include "monitoring/metrics.hpp"
#include "standings.hpp"
#include "support/catch.hpp"

using namespace renewd;
using namespace renewd::monitoring;
using namespace renewd::testing;

namespace {

std::string without_tags(const std::string& html) {
  std::string text;
  bool inside = false;
  for (const char c : html) {
    inside = inside || c == '<';
    text += inside ? "" : std::string(1, c);
    inside = inside && c != '>';
  }
  return text;
}

std::string minute(TimePoint time) {
  return format_minute(time) + " UTC";
}

struct StatusBoard {
  std::vector<std::string> names;
  std::map<std::string, report::CertificateStatus> standings;
  std::vector<std::string> hidden;
  TimePoint now = day(10);
  bool refused = false;
  std::vector<std::string> stuck;
  std::string host;

  void add(report::CertificateStatus standing) {
    names.push_back(standing.name);
    standings.emplace(standing.name, std::move(standing));
  }
  std::string page() const { return monitoring::page({names, standings, now, hidden, refused, stuck, host}); }
  std::string text() const { return without_tags(page()); }
  std::string metrics() const { return exposition(monitoring::metrics(names, standings, Counters(), now)); }
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

void fail(report::CertificateStatus& standing, const std::string& message) {
  standing.attempts.failures_in_a_row = 3;
  standing.attempts.last_failure = "server_error";
  standing.attempts.last_message = message;
}

}  // namespace

TEST_CASE("the page says that everything is in order, and what comes next") {
  StatusBoard board;
  board.add(standing("production", 10));
  const std::string page = board.page();
  CHECK(contains(page, "<h1 class=\"good\">Everything is in order</h1>"));
  CHECK(contains(page, "<h2>production</h2><span class=\"state\">in order</span>"));
  CHECK(contains(page, "355 days left"));
  CHECK(
      contains(board.text(), "Next: The daemon renews the certificate at " + minute(day(335) + 9h) + ", in 325 days"));
  CHECK(contains(board.text(), "Past renewalsrenewed " + minute(day(0) + 2h)));
  CHECK(contains(page, "<dd>the installed certificate</dd>"));
}

TEST_CASE("the page shows a refused configuration beside the state of the certificates") {
  StatusBoard board;
  board.add(standing("production", 10));
  board.refused = true;
  const std::string page = board.page();
  CHECK(contains(page, "<h1 class=\"attention\">The configuration was refused</h1>"));
  CHECK(contains(page, "<b>WARNING</b> The configuration was refused"));
  CHECK(contains(page, "config_rejected"));
  CHECK(contains(page, "<span class=\"state\">in order</span>"));
  board.names.emplace_back("unchecked");
  CHECK(contains(board.page(), ">The configuration was refused; not every certificate has been checked yet</h1>"));
  board.add(renewd::testing::unreadable("broken"));
  CHECK(contains(board.page(), ">1 of 3 certificates needs attention, 1 critical</h1>"));
  CHECK(contains(board.page(), "<b>WARNING</b> The configuration was refused"));
}

TEST_CASE("the page names each state that needs attention") {
  StatusBoard board;
  SECTION("a clock before notBefore") {
    auto early = standing("production", -400);
    early.outlook->step = {renewal::Act::wait, day(0), renewal::Reason::not_yet_valid, "is the clock right?"};
    board.now = day(-400);
    board.add(std::move(early));
    CHECK(contains(board.page(), "<span class=\"state\">clock in doubt</span>"));
    CHECK(contains(board.page(), "is the clock right?"));
    CHECK(contains(board.text(), "Next: Nothing, until this host&#39;s clock is right."));
    CHECK_FALSE(contains(board.page(), "days left"));
    CHECK_FALSE(contains(board.page(), "class=\"bar\""));
  }
  SECTION("unreadable") {
    auto broken = standing("production", 10);
    broken.outlook = failure(ErrorKind::disk, "reading /srv/keystore.p12: Permission denied");
    board.add(std::move(broken));
    CHECK(contains(board.page(), "<span class=\"state\">unreadable</span>"));
    CHECK(contains(board.page(), "Permission denied"));
  }
  SECTION("expired") {
    board.now = day(368);
    board.add(standing("production", 368));
    CHECK(contains(board.page(), "<span class=\"state\">expired</span>"));
    CHECK(contains(board.page(), "expired 3 days"));
  }
  SECTION("failing") {
    board.now = day(340);
    auto failing = standing("production", 340);
    fail(failing, "HTTP 503");
    board.add(std::move(failing));
    CHECK(contains(board.page(), "<span class=\"state\">renewal failing</span>"));
    CHECK(contains(board.text(), "renewal failed 3 times in a row (server_error)\nLast error: HTTP 503\nWhat to do:"));
  }
  SECTION("not in use yet") {
    auto pending = standing("production", 10);
    pending.unfinished = state::JournalEntry{};
    pending.unfinished->phase = state::Phase::installed;
    board.add(std::move(pending));
    CHECK(contains(board.page(), "<span class=\"state\">waiting for the gateway</span>"));
  }
  SECTION("token unusable") {
    auto expired = standing("production", 10);
    expired.token_problem = Problem{"the account token expired"};
    board.add(std::move(expired));
    CHECK(contains(board.page(), "<span class=\"state\">account token unusable</span>"));
    CHECK(contains(board.page(), "the account token expired"));
  }
  SECTION("watched only, and near its end") {
    board.now = day(340);
    auto watched = standing("production", 340);
    watched.renew = configuration::RenewMode::never;
    board.add(std::move(watched));
    CHECK(contains(board.page(), "<span class=\"state\">expires soon</span>"));
    CHECK(contains(board.text(), "What to do: renew it yourself"));
    CHECK_FALSE(contains(board.page(), "<i class=\"window\" style"));
    CHECK_FALSE(contains(board.page(), "renewal window opens"));
  }
  CHECK(contains(board.page(), ">1 of 1 certificate needs attention"));
}

TEST_CASE("the page begins with the most severe certificate, and its advice") {
  StatusBoard board;
  board.names.emplace_back("a-unchecked");
  board.add(standing("b-in-order", 10));
  auto warned = standing("c-warning", 10);
  warned.token_problem = Problem{"the account token expired"};
  board.add(std::move(warned));
  auto broken = standing("d-critical", 10);
  broken.outlook = failure(ErrorKind::disk, "reading /srv/keystore.p12: Permission denied");
  board.add(std::move(broken));
  board.standings.emplace("removed", standing("removed", 10));
  const std::string page = board.page();
  std::vector<std::size_t> places;
  for (const std::string name : {"d-critical", "c-warning", "a-unchecked", "b-in-order"}) {
    places.push_back(page.find("<h2>" + name + "</h2>"));
    CHECK(places.back() != std::string::npos);
  }
  CHECK(std::is_sorted(places.begin(), places.end()));
  CHECK_FALSE(contains(page, "removed</h2>"));
  CHECK(contains(page, "<b>CRITICAL</b> reading <span class=\"w\">/srv/keystore.p12:"));
  CHECK(contains(page, "<b>WARNING</b> the account token expired"));
  CHECK(contains(page, ">2 of 4 certificates need attention, 1 critical</h1>"));
  CHECK(contains(page, "<b>What to do:</b> run <code><span class=\"w\">gravitee-renewd</span> validate</code> to see"));
}

TEST_CASE("the page dates failures, and shows none once they no longer matter") {
  StatusBoard board;
  board.now = day(340);
  auto failing = standing("production", 340);
  fail(failing, "HTTP 503");
  failing.attempts.failing_since = day(338);
  failing.attempts.failed_at = day(339);
  board.add(std::move(failing));
  CHECK(contains(board.text(), " since " + minute(day(338)) + "\nLast error, " + minute(day(339)) + ": HTTP 503\n"));
  board.now = day(10);
  CHECK_FALSE(contains(board.page(), "HTTP 503"));
}

TEST_CASE("the page shows the next maintenance window, and the last known expiry of an unreadable keystore") {
  StatusBoard board;
  auto waiting = standing("production", 10);
  waiting.outlook->maintenance_window = "Sun 02:12 Europe/Paris";
  board.add(std::move(waiting));
  auto broken = standing("broken", 10);
  broken.outlook = failure(ErrorKind::disk, "wrong password");
  broken.attempts.known_not_after = day(365);
  board.add(std::move(broken));
  CHECK(contains(board.text(), "the maintenance window is Sun 02:12 Europe/Paris."));
  CHECK(contains(board.text(), "Last known expiry" + minute(day(365)) + "\n"));
  CHECK(contains(board.metrics(), "certificate_not_after_timestamp_seconds{certificate=\"broken\"}"));
}

TEST_CASE("severity and findings are metrics, and a finding that is gone has none") {
  StatusBoard board;
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

TEST_CASE("the page shows a certificate that has not been checked yet") {
  StatusBoard board;
  board.names.push_back("production");
  CHECK(contains(board.page(), "Starting: not every certificate has been checked yet"));
  CHECK(contains(board.page(), "<h2>production</h2><span class=\"state\">not checked yet</span>"));
}

TEST_CASE("foreign text never becomes markup") {
  StatusBoard board;
  board.now = day(340);
  auto hostile = standing("production", 340);
  fail(hostile, "<script>alert('x')</script> & \"quoted\"");
  hostile.attempts.last_advice = "`<u>` gravitee-renewd renew --<i>";
  hostile.history.push_back({"<b>", "", day(5)});
  hostile.name = "<em>";
  hostile.outlook->maintenance_window = "<img src=x>";
  hostile.outlook->step = {renewal::Act::wait, day(350), renewal::Reason::maintenance_window, ""};
  board.host = "<s>";
  board.add(std::move(hostile));
  const std::string page = board.page();
  for (const std::string tag : {"<script", "<img", "<u>", "<i>", "<em>", "<s>", "<b> "}) {
    INFO(tag);
    CHECK_FALSE(contains(page, tag));
  }
  CHECK(contains(board.text(), "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;quoted&quot;"));
  CHECK(contains(page, "&lt;img src=x&gt;"));
}

TEST_CASE("the page loads nothing and hides the paths of secrets") {
  StatusBoard board;
  board.hidden = {"/etc/gravitee-renewd/account-token"};
  board.now = day(340);
  auto failing = standing("production", 340);
  fail(failing, "reading file /etc/gravitee-renewd/account-token: Permission denied");
  board.add(std::move(failing));
  const std::string page = board.page();
  CHECK_FALSE(contains(page, "account-token"));
  CHECK(contains(board.text(), "reading file SECRET-FILE: Permission denied"));
  for (const std::string loads : {"http://", "https://", "src=", "url(", "@import", "<link", "<script"}) {
    INFO(loads);
    CHECK_FALSE(contains(page, loads));
  }
}

TEST_CASE("the bar shows the window, this host's turn, past renewals and today in their places") {
  StatusBoard board;
  board.now = day(73);
  board.add(standing("production", 73));
  const std::string page = board.page();
  CHECK(contains(page, "<i class=\"elapsed\" style=\"left:0.00%;width:20.00%\">"));
  CHECK(contains(page, "<i class=\"window\" style=\"left:91.78%;width:8.22%\">"));
  CHECK(contains(page, "<i class=\"splay\" style=\"left:91.78%;width:0.10%\">"));
  CHECK(contains(page, "window opens " + format_day(day(335))));
  CHECK(contains(page, "<i class=\"past\" style=\"left:0.02%\""));
  CHECK(contains(page, "<i class=\"today\" style=\"left:20.00%\""));
}

TEST_CASE("the bar shows how long this host waits for a maintenance window, and what has passed") {
  StatusBoard board;
  board.now = day(340);
  auto waiting = standing("production", 340);
  waiting.outlook->step = {renewal::Act::wait, day(350), renewal::Reason::maintenance_window, ""};
  waiting.history.push_back({"activated", "", day(100)});
  board.add(std::move(waiting));
  CHECK(contains(board.page(), "<i class=\"splay\" style=\"left:91.78%;width:4.11%\">"));
  CHECK(contains(board.page(), "window opened " + format_day(day(335))));
  CHECK(contains(board.page(), "title=\"activated " + minute(day(100))));
  board.now = day(367);
  CHECK(contains(board.page(), "<i class=\"expired\" style=\"width:0.54%\">"));
}

TEST_CASE("the bar is that of the certificate that expires first, and says of which") {
  StatusBoard board;
  CHECK_FALSE(contains((board.add(standing("production", 10)), board.page()), "certificate:"));
  auto& standing = board.standings.at("production");
  standing.in_use = state::CertificateRecord{"01", "another", std::chrono::floor<std::chrono::seconds>(day(-300)),
                                             std::chrono::floor<std::chrono::seconds>(day(100))};
  CHECK(contains(board.page(), "The certificate in use:</p>\n<div class=\"bar\" role=\"img\" aria-label=\"Valid from " +
                                   format_day(day(-300)) + " until " + format_day(day(100))));
  CHECK_FALSE(contains(board.page(), "<i class=\"window\" style"));
  standing.in_use->not_after = std::chrono::floor<std::chrono::seconds>(day(500));
  CHECK(contains(board.page(), "The installed certificate:</p>\n<div class=\"bar\""));
  // Before the first verified renewal, the certificate that was replaced counts as in use.
  std::swap(standing.in_use, standing.replaced);
  CHECK(contains(board.text(), "In useserial 01, valid from " + minute(day(-300))));
  standing.replaced->fingerprint = year().fingerprint_sha256();
  CHECK(contains(board.text(), "In usethe installed certificate"));
  standing.replaced.reset();
  CHECK(contains(board.text(), "In useunknown: the daemon has not restarted the gateway yet"));
  standing.renew = configuration::RenewMode::never;
  CHECK(contains(board.text(), "In useunknown\n"));
}

TEST_CASE("the page shows what is stuck first, whatever its certificate") {
  StatusBoard board;
  board.add(standing("in-order", 10));
  board.add(renewd::testing::unreadable("broken"));
  board.names.emplace_back("unchecked");
  board.stuck = {"in-order", "unchecked"};
  const std::string page = board.page();
  CHECK(contains(page, "<h1 class=\"bad\">Work on 2 certificates is stuck, 1 more needs attention</h1>"));
  CHECK(contains(
      page, "<article class=\"bad\" id=\"in-order\">\n<header><h2>in-order</h2><span class=\"state\">stuck</span>"));
  CHECK(contains(page, "<article class=\"bad\" id=\"unchecked\">"));
  CHECK(page.find("id=\"unchecked\"") < page.find("id=\"broken\""));
  CHECK(contains(board.text(), "355 days left"));
  CHECK(contains(board.text(), "Next: Nothing, until the daemon has been restarted."));
}

TEST_CASE("the page names this host, if that is known") {
  StatusBoard board;
  CHECK(contains(board.page(), "<title>Everything is in order – gravitee-renewd</title>"));
  board.host = "gateway-1";
  CHECK(contains(board.page(), "<title>Everything is in order – gateway-1 – gravitee-renewd</title>"));
  CHECK(contains(board.text(), " on gateway-1, metrics"));
}

TEST_CASE("many certificates are listed first, and the facts of those in order are folded") {
  StatusBoard board;
  for (const std::string name : {"a", "b", "c"}) {
    board.add(standing(name, 10));
  }
  CHECK_FALSE(contains(board.page(), "<details>"));
  CHECK_FALSE(contains(board.page(), "class=\"overview\""));
  board.add(renewd::testing::unreadable("d"));
  const std::string page = board.page();
  CHECK(contains(
      page,
      "<li class=\"bad\"><a href=\"#d\">d</a> <span class=\"state\">unreadable</span></li>\n<li class=\"good\">"
      "<a href=\"#a\">a</a>"));
  std::size_t folded = 0;
  for (auto at = page.find("<details>"); at != std::string::npos; at = page.find("<details>", at + 1)) {
    ++folded;
  }
  CHECK(folded == 3);
}

TEST_CASE("a page without a bar has no legend") {
  StatusBoard board;
  board.add(renewd::testing::unreadable("broken"));
  CHECK_FALSE(contains(board.page(), "class=\"legend\""));
  board.add(standing("production", 10));
  CHECK(contains(board.page(), "</main>\n<p class=\"legend\">"));
}

TEST_CASE("the label is what is wrong, the gateway first, or what is going on") {
  const std::map<std::string, std::string> labels{
      {"the gateway is down after a renewed keystore was installed", "gateway down"},
      {"a renewed keystore is installed, and the gateway is being restarted", "waiting for the gateway"},
      {"several problems at once", "renewal failing"},
      {"nothing is wrong", "in order"}};
  for (const auto& test : renewd::testing::assessment_cases()) {
    if (const auto label = labels.find(test.name); label != labels.end()) {
      StatusBoard board;
      board.now = renewd::testing::kNow;
      board.add(test.standing);
      CHECK(contains(board.page(), "<span class=\"state\">" + label->second + "</span>"));
    }
  }
}

TEST_CASE("gauges show the board and omit unknown values") {
  StatusBoard board;
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

TEST_CASE("the page and the metrics escape invisible characters") {
  StatusBoard board;
  board.now = day(340);
  board.add(standing("production", 340));
  fail(board.standings.at("production"), "\x1b[2J \u202ereversed\u2028 \xff");
  CHECK(contains(board.page(), "\\x1b[2J \\xe2\\x80\\xaereversed\\xe2\\x80\\xa8 \\xff"));
  CHECK(html_escaped("<\x1b>\n") == "&lt;\\x1b&gt;\n");
  const std::string labels =
      exposition({Family{"x", MetricType::gauge, "help", {Sample{{{"l", "\u202e\x1b\n\""}}, 1}}}});
  CHECK(contains(labels, R"(l="\\xe2\\x80\\xae\\x1b\n\"")"));
}
