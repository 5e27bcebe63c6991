#include "core/text.hpp"

#include "core/clock.hpp"
#include "support/catch.hpp"

using namespace renewd;
using namespace std::chrono_literals;

TEST_CASE("foreign text is safe on one line") {
  CHECK(printable("plain") == "plain");
  CHECK(printable("two\r\nlines\tand  a tab") == "two lines and a tab");
  CHECK(printable("\x1b[31mred\x07") == "\\x1b[31mred\\x07");
  CHECK(printable("Zo\xc3\xab") == "Zo\xc3\xab");
  CHECK(printable("\xff\xfe") == "\\xff\\xfe");
  CHECK(printable("\xc0\xaf") == "\\xc0\\xaf");           // overlong '/'
  CHECK(printable("\xed\xa0\x80") == "\\xed\\xa0\\x80");  // a surrogate
  CHECK(printable("\xc2\x9b"
                  "31m") == "\\xc2\\x9b31m");  // CSI as a C1 control
  CHECK(printable(std::string_view("a\0b", 3)) == "a\\x00b");
  CHECK(printable("") == "");
  CHECK(printable("  edges  ") == "edges");
}

TEST_CASE("foreign text is cut between characters") {
  CHECK(printable("abcdef", 3) == "abc…");
  CHECK(printable("ab\xc3\xab", 3) == "ab…");
  CHECK(printable("abc", 3) == "abc");
}

TEST_CASE("times are RFC 3339 in UTC") {
  CHECK(format_time(TimePoint(0s)) == "1970-01-01T00:00:00Z");
  CHECK(format_time(TimePoint(1795462200s)) == "2026-11-23T19:30:00Z");
  CHECK(format_time(TimePoint(-1s)) == "1969-12-31T23:59:59Z");
  CHECK(format_time(TimePoint(1500ms)) == "1970-01-01T00:00:01Z");
}

TEST_CASE("durations are told in the two largest units") {
  CHECK(format_duration(0s) == "0 s");
  CHECK(format_duration(-5s) == "0 s");
  CHECK(format_duration(40s) == "40 s");
  CHECK(format_duration(61s) == "1 min 1 s");
  CHECK(format_duration(11h + 5min + 3s) == "11 h 5 min");
  CHECK(format_duration(24h) == "1 day");
  CHECK(format_duration(25h) == "1 day 1 h");
  CHECK(format_duration(312 * 24h + 7h) == "312 days");
}

TEST_CASE("a mistyped word finds the one that was meant") {
  const std::vector<std::string_view> words{"renew_before", "keystore", "gateway", "token"};
  CHECK(nearest("renew_befor", words) == "renew_before");
  CHECK(nearest("keystroe", words) == "keystore");
  CHECK(nearest("tokne", words) == "token");
  CHECK(nearest("completely_different", words).empty());
  CHECK(nearest("x", {}).empty());
}
