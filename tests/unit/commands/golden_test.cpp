// The output for people, at several widths; the expected text is in golden/.

#include "golden.hpp"

#include <algorithm>

#include "commands/check.hpp"
#include "commands/inspect_text.hpp"
#include "commands/layout.hpp"
#include "commands/plan_text.hpp"
#include "commands/status_table.hpp"
#include "statuses.hpp"
#include "support/catch.hpp"

using namespace renewd;
using namespace renewd::commands;
using namespace renewd::testing;
using namespace std::chrono_literals;
using state::Phase;

namespace {

constexpr const char* kDaemon = "gravitee-renewd run (process 812)";
constexpr std::size_t kWidths[] = {60, 80, 120};

Screen screen_of_width(std::size_t width) {
  Screen screen;
  screen.width = width;
  return screen;
}

std::string file_name(const std::string& what, std::size_t width) {
  return what + "-" + std::to_string(width) + ".txt";
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

report::CertificateStatus not_in_use_yet() {
  auto standing =
      standing_in({.name = "not-in-use-yet", .left = 364 * 24h, .unfinished = journal_at(Phase::installed)});
  standing.in_use = another_in_use(29 * 24h);
  return standing;
}

std::vector<report::CertificateStatus> all_kinds() {
  return {standing_in({}),
          standing_in({.name = "due", .left = 29 * 24h + 5h}),
          standing_in({.name = "failing",
                       .left = 21 * 24h,
                       .attempts = failed(9, "server_error",
                                          "requesting a certificate: POST https://eu.cloud.gravitee.io/management/"
                                          "accounts/7b6f41d3-7118-41e9-af41-d3711801e973/certificate/renewcert: "
                                          "HTTP 503: maintenance until Monday …")}),
          not_in_use_yet(),
          standing_in({.name = "expired", .left = -3 * 24h, .in_use = false}),
          unreadable("unreadable"),
          standing_in(
              {.name = "watched-only", .left = 200 * 24h, .renew = configuration::RenewMode::never, .in_use = false}),
          standing_in({.name = "a-certificate-whose-name-is-longer-than-any-column"})};
}

}  // namespace

TEST_CASE("status fits the screen in every state") {
  for (const std::size_t width : kWidths) {
    const std::string text = status_table({all_kinds(), kDaemon}, kNow, screen_of_width(width));
    check_golden(file_name("status", width), text);
    CHECK(longest_line(text) <= width);
  }
  for (std::size_t width = 50; width < 200; ++width) {
    CHECK(longest_line(status_table({all_kinds(), kDaemon}, kNow, screen_of_width(width))) <= width);
  }
}

TEST_CASE("status in colour and UTF-8, without a daemon") {
  Screen screen;
  screen.colour = true;
  screen.utf8 = true;
  check_golden("status-terminal-80.txt",
               status_table({{standing_in({}), not_in_use_yet()}, std::nullopt}, kNow, screen));
}

TEST_CASE("a timer that renews is no reason for a warning colour, a missing daemon is") {
  Screen screen;
  screen.colour = true;
  const auto first_line = [&](configuration::RunBy run_by) {
    const std::string text = status_table({{standing_in({})}, std::nullopt, run_by}, kNow, screen);
    return text.substr(0, text.find('\n'));
  };
  CHECK_THAT(first_line(configuration::RunBy::timer), StartsWith("No daemon is running: a timer"));
  CHECK_THAT(first_line(configuration::RunBy::daemon), StartsWith("\x1b["));
}

TEST_CASE("plan shows an error only while the renewal fails, with its time") {
  const auto plan_of = [](std::chrono::seconds left) {
    return plan_text(standing_in({.left = left, .attempts = failed(2, "dns", "no such host")}), {}, {}, {});
  };
  CHECK_THAT(plan_of(21 * 24h), ContainsSubstring("2 in a row; last error: 2026-11-24 05:00 UTC, dns: no such host"));
  CHECK_THAT(plan_of(312 * 24h), !ContainsSubstring("failing"));
}

TEST_CASE("plan has no date for a certificate that is only watched") {
  const auto standing = standing_in({.left = 200 * 24h, .renew = configuration::RenewMode::never});
  CHECK_THAT(plan_text(standing, {}, {}, {}), ContainsSubstring("next       nothing") && !ContainsSubstring("waits"));
}

TEST_CASE("plan fits the screen") {
  for (const std::size_t width : kWidths) {
    std::string text;
    for (const auto& standing : all_kinds()) {
      const bool watched_only = standing.renew == configuration::RenewMode::never;
      text +=
          plan_text(
              standing, {},
              watched_only
                  ? RenewalDetails()
                  : RenewalDetails{"https://eu.cloud.gravitee.io/management/accounts/7b6f41d3/certificate/renewcert",
                                   "try-restart graviteeio-apim-gateway.service"},
              screen_of_width(width)) +
          "\n";
    }
    check_golden(file_name("plan", width), text);
  }
}

TEST_CASE("inspect fits the screen") {
  const Minted root = mint({.common_name = "Test Root",
                            .not_before = kNow - 1000 * 24h,
                            .not_after = kNow + 1000 * 24h,
                            .authority = true,
                            .seed = "root",
                            .serial = 1});
  const auto keystore = keystore_of(minted_for({}), {root.certificate});
  for (const std::size_t width : kWidths) {
    check_golden(file_name("inspect", width),
                 inspect_text(keystore, "JSON base64", "/tmp/answer", kNow, screen_of_width(width)));
  }
}

TEST_CASE("check is one line, the worst certificate first") {
  std::string lines;
  for (const auto& standing : all_kinds()) {
    lines += check_result({{standing}, kDaemon}, {}, kNow).line;
  }
  lines += check_result({all_kinds(), std::nullopt}, {}, kNow).line;
  lines += check_unknown("the configuration cannot be used: a | b\nand more").line;
  check_golden("check.txt", lines);
  CHECK(std::count(lines.begin(), lines.end(), '\n') == static_cast<std::ptrdiff_t>(all_kinds().size() + 2));
}
