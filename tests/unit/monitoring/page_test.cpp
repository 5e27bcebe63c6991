#include "monitoring/page.hpp"

#include <algorithm>

#include "assessment_cases.hpp"
#include "shown_board.hpp"
#include "support/catch.hpp"

using namespace renewd;
using namespace renewd::monitoring;
using namespace renewd::testing;

TEST_CASE("the page says that everything is in order, and what comes next") {
  ShownBoard board;
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
  ShownBoard board;
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
  ShownBoard board;
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
  ShownBoard board;
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
  ShownBoard board;
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
  ShownBoard board;
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

TEST_CASE("the page shows a certificate that has not been checked yet") {
  ShownBoard board;
  board.names.push_back("production");
  CHECK(contains(board.page(), "Starting: not every certificate has been checked yet"));
  CHECK(contains(board.page(), "<h2>production</h2><span class=\"state\">not checked yet</span>"));
}

TEST_CASE("foreign text never becomes markup") {
  ShownBoard board;
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
  ShownBoard board;
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

TEST_CASE("the page shows what is stuck first, whatever its certificate") {
  ShownBoard board;
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
  ShownBoard board;
  CHECK(contains(board.page(), "<title>Everything is in order – gravitee-renewd</title>"));
  board.host = "gateway-1";
  CHECK(contains(board.page(), "<title>Everything is in order – gateway-1 – gravitee-renewd</title>"));
  CHECK(contains(board.text(), " on gateway-1, metrics"));
}

TEST_CASE("many certificates are listed first, and the facts of those in order are folded") {
  ShownBoard board;
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

TEST_CASE("the label is what is wrong, the gateway first, or what is going on") {
  const std::map<std::string, std::string> labels{
      {"the gateway is down after a renewed keystore was installed", "gateway down"},
      {"a renewed keystore is installed, and the gateway is being restarted", "waiting for the gateway"},
      {"several problems at once", "renewal failing"},
      {"nothing is wrong", "in order"}};
  for (const auto& test : renewd::testing::assessment_cases()) {
    if (const auto label = labels.find(test.name); label != labels.end()) {
      ShownBoard board;
      board.now = renewd::testing::kNow;
      board.add(test.standing);
      CHECK(contains(board.page(), "<span class=\"state\">" + label->second + "</span>"));
    }
  }
}
