#include "report/threshold.hpp"

#include "support/catch.hpp"

using namespace renewd;
using namespace renewd::report;

TEST_CASE("ranges follow the plugin guidelines, except that a plain number is a minimum") {
  struct Case {
    std::string text;
    Threshold expected;
    std::string written;
  };
  for (const Case& c :
       {Case{"30:", {.start = 30}, "30:"}, Case{"30", {.start = 30}, "30:"}, Case{"7.5", {.start = 7.5}, "7.5:"},
        Case{"-5:", {.start = -5}, "-5:"}, Case{"~:10", {.end = 10}, "~:10"},
        Case{"5:10", {.start = 5, .end = 10}, "5:10"}, Case{":10", {.start = 0, .end = 10}, "0:10"},
        Case{"@5:10", {.start = 5, .end = 10, .inside = true}, "@5:10"},
        Case{"@10", {.start = 0, .end = 10, .inside = true}, "@0:10"}, Case{"~:", {}, "~:"},
        Case{"007:", {.start = 7}, "7:"}}) {
    INFO(c.text);
    const auto threshold = parse_threshold(c.text);
    REQUIRE(threshold);
    CHECK(*threshold == c.expected);
    CHECK(to_string(*threshold) == c.written);
  }
  for (const std::string text : {"",    ":",    "@",    "~",   "@~",      "nan",    "inf:",
                                 "1e3", "0x10", "10:5", "5:~", "5:10:20", "30d",    "30%",
                                 " 30", "30 ",  "5,5",  "--5", "1.2.3",   "36501:", "99999999999999999999:"}) {
    INFO(text);
    CHECK_FALSE(parse_threshold(text));
  }
  CHECK(Threshold{.start = 5, .end = 10}.alerts(4.99));
  CHECK_FALSE(Threshold{.start = 5, .end = 10}.alerts(10));
  CHECK(Threshold{.start = 5, .end = 10, .inside = true}.alerts(10));
  CHECK_FALSE(Threshold{}.alerts(-1e9));
}
