#include "renewal/token_watch.hpp"

#include "support/catch.hpp"
#include "support/command.hpp"
#include "support/temporary_directory.hpp"

using namespace renewd;
using namespace renewd::renewal;
using namespace renewd::testing;
using namespace std::chrono_literals;

namespace {

constexpr TimePoint kNow{1'700'000'000s};

// A JSON Web Token with these claims; its signature is none.
std::string token(const std::string& claims) {
  std::string payload = run_or_throw({"openssl", "base64", "-A"}, {.environment = {}, .input = claims});
  std::replace(payload.begin(), payload.end(), '+', '-');
  std::replace(payload.begin(), payload.end(), '/', '_');
  payload.erase(payload.find_last_not_of('=') + 1);
  return "eyJhbGciOiJIUzI1NiJ9." + payload + ".c2lnbmF0dXJl";
}

struct TokenFile {
  explicit TokenFile(const std::string& text, int mode = 0600) {
    write_file(directory / "token", text);
    std::filesystem::permissions(directory / "token", std::filesystem::perms(mode));
  }
  std::vector<TokenFinding> examine(std::chrono::seconds needed_in = 24h) {
    return examine_token({.kind = SecretSource::Kind::file, .name = (directory / "token").string(), .value = {}},
                         kNow + needed_in, kNow);
  }
  TemporaryDirectory directory;
};

}  // namespace

TEST_CASE("a token that is a JWT says when it expires, and no other text does") {
  CHECK(token_expiry(token("{\"sub\": \"x\", \"exp\": 1700000123}")) == std::chrono::sys_seconds(1700000123s));
  CHECK(token_expiry(token("{\"exp\": 1700000123.9}")) == std::chrono::sys_seconds(1700000123s));
  for (const std::string& text : {std::string(), std::string("opaque"), std::string("a.b"), std::string("a.b.c"),
                                  std::string(".."), token("{}"), token("[]"), token("not JSON"),
                                  token("{\"exp\": \"soon\"}"), token("{\"exp\": 1e300}"), token("{\"exp\": -1}")}) {
    CAPTURE(text);
    CHECK_FALSE(token_expiry(text));
  }
}

TEST_CASE("a token that expires after the clock's last day has not expired") {
  for (const std::int64_t expiry : {10'000'000'000, 32'503'680'000, 253'402'300'799}) {
    CAPTURE(expiry);
    CHECK(TokenFile(token("{\"exp\": " + std::to_string(expiry) + "}")).examine().empty());
  }
}

TEST_CASE("only a token that has expired is to be replaced by a new one") {
  for (const auto& [text, is_new] :
       {std::pair(token("{\"exp\": 1699999999}"), true), std::pair(std::string("\n"), false),
        std::pair(std::string("Bearer opaque"), false)}) {
    CAPTURE(text);
    const auto findings = TokenFile(text).examine();
    REQUIRE(findings.size() == 1);
    CHECK_FALSE(findings[0].advice.empty());
    CHECK((findings[0].advice.find("create a new account token") != std::string::npos) == is_new);
  }
}

TEST_CASE("a token that is missing is not to be replaced by a new one") {
  const auto findings =
      examine_token({.kind = SecretSource::Kind::file, .name = "/nowhere/token", .value = {}}, kNow, kNow);
  REQUIRE(findings.size() == 1);
  CHECK_THAT(findings[0].advice, ContainsSubstring("correct its path") && !ContainsSubstring("create a new"));
}

TEST_CASE("a good token has no findings") {
  CHECK(TokenFile("opaque\n").examine().empty());
  CHECK(TokenFile("\xef\xbb\xbfopaque \r\n\r\n").examine().empty());
  CHECK(TokenFile(token("{\"exp\": 1800000000}")).examine().empty());
}

TEST_CASE("problems with a token are found before it is needed") {
  struct Case {
    const char* what;
    std::string text;
    int mode;
    Level level;
    const char* message;
  };
  for (const auto& [what, text, mode, level, message] : std::vector<Case>{
           {"empty", "\n", 0600, Level::error, "empty"},
           {"in quotes", "\"opaque\"", 0600, Level::error, "quotation marks"},
           {"a whole header", "Bearer opaque", 0600, Level::error, "begins with \"Bearer \""},
           {"wrapped", "opa\nque\n", 0600, Level::error, "line 1, column 4"},
           {"expired", token("{\"exp\": 1699999999}"), 0600, Level::error, "expired at 2023-11-14T22:13:19Z"},
           {"expires too soon", token("{\"exp\": 1700000001}"), 0600, Level::warning, "before it is needed"},
           {"group", "opaque", 0640, Level::warning, "mode 0640"},
           {"everybody", "opaque", 0644, Level::warning, "mode 0644"},
       }) {
    INFO(what);
    const auto findings = TokenFile(text, mode).examine();
    REQUIRE(findings.size() == 1);
    CHECK(findings[0].level == level);
    CHECK_THAT(findings[0].message, ContainsSubstring(message));
    CHECK_THAT(findings[0].message, !ContainsSubstring(text));
  }
  CHECK(TokenFile(token("{\"exp\": 1}"), 0644).examine().size() == 2);
  TokenFile missing("x");
  std::filesystem::remove(missing.directory / "token");
  CHECK(missing.examine().at(0).level == Level::error);
}
