#include "core/pattern.hpp"

#include <vector>

#include "support/catch.hpp"

using renewd::Pattern;

TEST_CASE("a pattern is found anywhere in a line of any bytes") {
  const auto pattern = Pattern::compile(R"(Connector \w+ now (connected|ready)\b)");
  REQUIRE(pattern);
  CHECK(pattern->found_in("12:00 INFO Exchange Connector is now connected and ready"));
  CHECK(pattern->found_in(std::string_view("\xff\0\x80 Connector is now ready\0", 26)));
  CHECK_FALSE(pattern->found_in("Connector is now connecting"));
  CHECK_FALSE(pattern->found_in(""));
  CHECK(pattern->text() == R"(Connector \w+ now (connected|ready)\b)");
  CHECK(Pattern::compile("prêt")->found_in("la passerelle est prête"));
}

TEST_CASE("an invalid pattern is refused with the reason") {
  for (const auto& [text, reason] : std::vector<std::pair<std::string, std::string>>{
           {"(ready", "missing ): (ready"},
           {"ready)", "unexpected ): ready)"},
           {"*", "no argument for repetition operator: *"},
           {"[a", "missing ]: [a"},
           {"\\", "trailing \\"},
           {"(?<!not )ready", "invalid perl operator: (?<"},
           {"(a)\\1", "invalid escape sequence: \\1"},
           {"a{1001}", "invalid repetition size: {1001}"},
           {"(((a{100}){100}){100})", "invalid repetition size: {100}"},
           {"\xff", "invalid UTF-8"},
       }) {
    CAPTURE(text);
    const auto pattern = Pattern::compile(text);
    REQUIRE_FALSE(pattern);
    CHECK_THAT(pattern.error(), ContainsSubstring(reason));
  }
}

// A backtracking library would take practically for ever.
TEST_CASE("no pattern takes long to search") {
  const std::string line(8192, 'a');
  for (const char* text : {"(a*)*b", "(a|aa)+$b", "(.*)*(.*)*(.*)*b", "(a?){500}a{500}b"}) {
    CAPTURE(text);
    const auto pattern = Pattern::compile(text);
    REQUIRE(pattern);
    CHECK_FALSE(pattern->found_in(line));
  }
}
