#include "configuration/numbers.hpp"

#include "support/catch.hpp"

using namespace std::chrono_literals;
using renewd::configuration::kLongestDuration;
using renewd::configuration::parse_duration;
using renewd::configuration::parse_percentage;
using renewd::configuration::write_duration;
using std::chrono::days;
using std::chrono::seconds;

TEST_CASE("reads a duration of one number and one unit") {
  const std::vector<std::pair<std::string_view, seconds>> cases{
      {"90s", 90s}, {"15m", 15min}, {"12h", 12h},        {"30d", days{30}}, {"0s", 0s},
      {"1s", 1s},   {"7m", 7min},   {"365d", days{365}}, {"8760h", 8760h},  {"31536000s", days{365}},
  };
  for (const auto& [text, expected] : cases) {
    CAPTURE(text);
    REQUIRE(parse_duration(text).has_value());
    CHECK(*parse_duration(text) == expected);
  }
}

TEST_CASE("refuses text that only resembles a duration") {
  for (const std::string_view text :
       {"",     "s",   "12",   "12 h", " 12h", "12h ", "-1d",   "+1d",  "1.5h", "1h30m", "12H",  "2w",    "1y",
        "1min", "h12", "0x1h", "1e3s", "d",    "٣d",   "12h\n", "007m", "00s",  "0x10s", "0o7m", "1_000s"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_duration(text).has_value());
  }
}

TEST_CASE("limits durations to just over a year") {
  for (const std::string_view text :
       {"366d", "8761h", "525601m", "31536001s", "18446744073709551615d", "99999999999999999999999999999999999999d"}) {
    CAPTURE(text);
    REQUIRE(parse_duration(text).has_value());
    CHECK(*parse_duration(text) == seconds{kLongestDuration} + 1s);
  }
}

TEST_CASE("writes a duration in the largest unit that fits") {
  for (const std::string text : {"0s", "1s", "90s", "1m", "15m", "61m", "1h", "36h", "1d", "365d"}) {
    CAPTURE(text);
    CHECK(write_duration(*parse_duration(text)) == text);
  }
  CHECK(write_duration(86400s) == "1d");
  CHECK(write_duration(120s) == "2m");
}

TEST_CASE("reads a percentage") {
  CHECK(parse_percentage("25%") == 25.0);
  CHECK(parse_percentage("12.5%") == 12.5);
  CHECK(parse_percentage("0%") == 0.0);
  CHECK(parse_percentage("-5%") == -5.0);
  for (const std::string_view text : {"", "%", "25", "25 %", "%25", "25%%", "a%", "1e1%", "+5%", "025%", "-05%", ".5%",
                                      "inf%", "nan%", "0x10%", "1_0%"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_percentage(text).has_value());
  }
}
