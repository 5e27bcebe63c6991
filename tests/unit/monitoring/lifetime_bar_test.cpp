#include "monitoring/lifetime_bar.hpp"

#include "shown_board.hpp"
#include "statuses.hpp"
#include "support/catch.hpp"

using namespace renewd;
using namespace renewd::monitoring;
using namespace renewd::testing;

TEST_CASE("the bar shows the window, this host's turn, past renewals and today in their places") {
  ShownBoard board;
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
  ShownBoard board;
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
  ShownBoard board;
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

TEST_CASE("a page without a bar has no legend") {
  ShownBoard board;
  board.add(renewd::testing::unreadable("broken"));
  CHECK_FALSE(contains(board.page(), "class=\"legend\""));
  board.add(standing("production", 10));
  CHECK(contains(board.page(), "</main>\n<p class=\"legend\">"));
}
