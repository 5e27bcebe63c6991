#include "core/json_text.hpp"

#include <boost/json.hpp>

#include "support/catch.hpp"

using namespace renewd;

TEST_CASE("JSON is valid and printable for any string") {
  const std::string line =
      json_text({{"path", "/a/\xff\u202e\x1b[2J\n"}, {"list", {"\u2028", 1, true}}, {"o", {{"p", "\x7f"}}}});
  const auto object = boost::json::parse(line).as_object();
  CHECK(object.at("path") == "/a/\\xff\\xe2\\x80\\xae\\x1b[2J\\x0a");
  CHECK(object.at("list").at(0) == "\\xe2\\x80\\xa8");
  CHECK(object.at("list").at(1) == 1);
  CHECK(object.at("o").at("p") == "\\x7f");
}

TEST_CASE("JSON is UTF-8 even if a string is not") {
  const std::string_view broken[] = {
      "\x80",                      // a continuation without a beginning
      "\xc3",                      // a beginning without a continuation, at the end
      "\xc3(",                     // and in the middle
      "\xe2\x82",                  // cut off
      "\xf0\x9f\x98",              // likewise
      "\xc0\x80",                  // overlong: NUL
      "\xc1\xbf",                  // overlong: DEL
      "\xe0\x80\xaf",              // overlong: a slash
      "\xf0\x80\x80\xaf",          // likewise
      "\xed\xa0\x80",              // a surrogate
      "\xed\xbf\xbf",              // the last one
      "\xed\xa0\xbd\xed\xb8\x80",  // a pair of them (CESU-8)
      "\xf4\x90\x80\x80",          // above U+10FFFF
      "\xf5\x80\x80\x80",
      "\xf8\x88\x80\x80\x80",
      "\xfe",
      "\xff",
      "M\xfcller",  // Latin-1
  };
  for (const std::string_view text : broken) {
    for (const std::string& held : {std::string(text), "before " + std::string(text) + " after \u00fc"}) {
      const std::string line = json_text({{"text", held}, {"list", {held}}});
      boost::json::error_code error;
      const auto value = boost::json::parse(line, error);  // refuses what is not UTF-8
      INFO(line);
      REQUIRE_FALSE(error);
      CHECK(line.find("\\\\x") != std::string::npos);
      CHECK((held.size() == text.size() || value.at("text").as_string().ends_with(" after \u00fc")));
    }
  }
  CHECK(json_text("\u00fc \u20ac \U0001f600") == "\"\u00fc \u20ac \U0001f600\"");
}
