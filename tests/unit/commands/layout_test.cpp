#include "commands/layout.hpp"

#include "commands/life_bar.hpp"
#include "support/catch.hpp"

using namespace renewd;
using namespace renewd::commands;
using namespace std::chrono_literals;

TEST_CASE("lines are broken at spaces, and inside a word only where it is longer than a line") {
  CHECK(wrapped("one two three", 9) == std::vector<std::string>{"one two", "three"});
  CHECK(wrapped("one /a/long/path", 6) == std::vector<std::string>{"one", "/a/lon", "g/path"});
  CHECK(wrapped("one /a/long/path", 6, LongWords::whole) == std::vector<std::string>{"one", "/a/long/path"});
  CHECK(wrapped("", 6) == std::vector<std::string>{""});
}

TEST_CASE("a character is never broken, and wide ones count twice") {
  CHECK(columns("…") == 1);
  CHECK(columns("日本") == 4);
  CHECK(columns("😀") == 2);
  CHECK(wrapped("日本語", 4) == std::vector<std::string>{"日本", "語"});
  CHECK(columns("\xff\x80") == 1);
}

TEST_CASE("a screen without UTF-8 gets ASCII") {
  CHECK(shown("cut … hé", {}) == "cut ... h?");
  CHECK(shown("cut …", {.utf8 = true}) == "cut …");
}

TEST_CASE("foreign text is escaped before it is measured and broken") {
  const Screen screen{.width = 22, .utf8 = true};
  CHECK(shown("a\x1b[2J\u202e", screen) == "a\\x1b[2J\\xe2\\x80\\xae");
  CHECK(labelled("why", "a\rb \u2028", 2, 5, screen) == "  why  a\\x0db\n       \\xe2\\x80\\xa8\n");
}

TEST_CASE("a long value is wrapped in its own column") {
  CHECK(labelled("why", "one two three", 2, 5, {.width = 17}) == "  why  one two\n       three\n");
}

TEST_CASE("text is fitted line by line, with hanging indentation, and commands stay whole") {
  CHECK(fitted("note: one two three\n\n- a list of words\n  - b c\n", 12) ==
        "note: one\ntwo three\n\n- a list of\n  words\n  - b c\n");
  CHECK(fitted("    a command that is long\nend: ", 12) == "    a command that is long\nend: ");
  CHECK(fitted("URL [https://eu.cloud.gravitee.io/x]: ", 12) == "URL\n[https://eu.cloud.gravitee.io/x]: ");
  CHECK(fitted("as it is, all of it", 0) == "as it is, all of it");
  CHECK(fitted("", 12).empty());
}

TEST_CASE("the bar has a mark for now at every moment of a lifetime, and before and after it") {
  const std::chrono::sys_seconds begin{std::chrono::seconds(1'000'000)};
  const Lifetime life{begin, begin + 80h, begin + 100h};
  CHECK(life_bar(life, begin - 1h, 12, {}) == "[|------~~~]");
  CHECK(life_bar(life, begin + 50h, 12, {}) == "[====|--~~~]");
  CHECK(life_bar(life, begin + 90h, 12, {}) == "[========|~]");
  CHECK(life_bar(life, begin + 500h, 12, {}) == "[=========|]");
  CHECK(life_bar(life, begin + 50h, 10, {.utf8 = true}) == "████┃░░▒▒▒");
  // A certificate that ends when it begins.
  CHECK(life_bar({begin, begin, begin}, begin, 6, {}) == "[|~~~]");
}
