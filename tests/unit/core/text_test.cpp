#include "core/text.hpp"

#include "core/clock.hpp"
#include "support/catch.hpp"

using namespace renewd;
using namespace std::chrono_literals;

TEST_CASE("a word of a shell command is quoted if it needs that") {
  CHECK(shell_quoted("/opt/graviteeio/apim/keystore-1_a.p12") == "/opt/graviteeio/apim/keystore-1_a.p12");
  CHECK(shell_quoted("/srv/key store's.p12") == R"('/srv/key store'\''s.p12')");
  CHECK(shell_quoted("$(reboot)") == "'$(reboot)'");
  CHECK(shell_quoted("") == "''");
}

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

TEST_CASE("characters that are invisible or change the text direction are escaped") {
  const char* const unprintable =
      GENERATE("\u00ad", "\u061c", "\u115f", "\u180e", "\u200b", "\u200e", "\u200f", "\u2028", "\u2029", "\u202a",
               "\u202e", "\u2060", "\u2066", "\u2069", "\u3164", "\ufe0f", "\ufeff", "\uffa0", "\ufff9", "\U0001d173",
               "\U000e0001", "\U000e007f", "\U000e01ef");
  std::string bytes;
  for (const char byte : std::string_view(unprintable)) {
    bytes += "\\x" + std::string{"0123456789abcdef"[(byte >> 4) & 15], "0123456789abcdef"[byte & 15]};
  }
  CHECK(printable(unprintable) == bytes);
  CHECK(escaped(std::string("a") + unprintable + "b") == "a" + bytes + "b");
}

TEST_CASE("readable text in any script stays unchanged") {
  const char* const text =
      GENERATE("Zo\u00eb \u2013 \u201cM\u00fcller\u201d", "\u0634\u0631\u0643\u0629", "\u05d9\u05e9",
               "\u682a\u5f0f\u4f1a\u793e", "\u00a0\u2014\u2026", "\U0001f600", "\u2588\u2591\u2592\u2503",
               "\u00ac\u00ae\u200a\u2010\u2027\u202f\u205f\u2070\ufefc\uff00\ufffc\ufffd");
  CHECK(printable(text) == text);
  CHECK(escaped(text) == text);
}

TEST_CASE("escaped text is neither cut nor escaped twice, and keeps allowed line breaks") {
  CHECK(escaped("a\tb\nc  d") == "a\\x09b\\x0ac  d");
  CHECK(escaped("a\tb\nc\033[1m", "\n\t") == "a\tb\nc\\x1b[1m");
  const std::string once = escaped("\x1b]0;title\x07\xff\u202e");
  CHECK(once == "\\x1b]0;title\\x07\\xff\\xe2\\x80\\xae");
  CHECK(escaped(once) == once);
  CHECK(printable(once) == once);
  CHECK(escaped(std::string(5000, 'a')).size() == 5000);
}

TEST_CASE("a time outside of the clock's range is invalid") {
  CHECK(parse_time("2026-11-23T19:30:00Z") == TimePoint(1795462200s));
  CHECK_FALSE(parse_time("9999-12-31T23:59:59Z"));
  CHECK_FALSE(parse_time("2262-04-12T00:00:00Z"));
  CHECK_FALSE(parse_time("0001-01-01T00:00:00Z"));
  CHECK(parse_time("2262-04-11T00:00:00Z"));
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

TEST_CASE("durations have the two largest units") {
  CHECK(format_duration(0s) == "0 s");
  CHECK(format_duration(-5s) == "0 s");
  CHECK(format_duration(40s) == "40 s");
  CHECK(format_duration(61s) == "1 min 1 s");
  CHECK(format_duration(11h + 5min + 3s) == "11 h 5 min");
  CHECK(format_duration(24h) == "1 day");
  CHECK(format_duration(25h) == "1 day 1 h");
  CHECK(format_duration(312 * 24h + 7h) == "312 days");
}

TEST_CASE("a mistyped word finds the most similar one") {
  const std::vector<std::string_view> words{"renew_before", "keystore", "gateway", "token"};
  CHECK(nearest("renew_befor", words) == "renew_before");
  CHECK(nearest("keystroe", words) == "keystore");
  CHECK(nearest("tokne", words) == "token");
  CHECK(nearest("completely_different", words).empty());
  CHECK(nearest("x", {}).empty());
}
