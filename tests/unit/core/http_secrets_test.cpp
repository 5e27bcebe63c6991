#include "core/http_secrets.hpp"

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace renewd;
using renewd::testing::TemporaryDirectory;
using renewd::testing::write_file;
using namespace std::string_literals;

namespace {

struct SecretFile {
  explicit SecretFile(const std::string& text) { write_file(directory / "secret", text); }
  SecretSource source() const {
    return {.kind = SecretSource::Kind::file, .name = (directory / "secret").string(), .value = {}};
  }
  TemporaryDirectory directory;
};

}  // namespace

TEST_CASE("a token is read without the white space that editors add") {
  for (const std::string& text : {"abc-._~+/9=="s,
                                  "\xef\xbb\xbf"
                                  "abc-._~+/9==\r\n"s,
                                  "  abc-._~+/9==\n\n\n"s, "\tabc-._~+/9== \r\n\r\n"s, "\r\nabc-._~+/9=="s}) {
    CAPTURE(text);
    const auto token = read_token(SecretFile(text).source());
    REQUIRE(token.has_value());
    CHECK(token->view() == "abc-._~+/9==");
  }
}

TEST_CASE("an invalid character in a token is reported with its place and advice, without quoting the token") {
  struct Case {
    std::string text;
    std::string words;
  };
  for (const auto& [text, words] : std::vector<Case>{
           {"\"s3cr3t\"", "quotation marks"},
           {"'s3cr3t'\n", "quotation marks"},
           {"\xe2\x80\x9cs3cr3t\xe2\x80\x9d", "line 1, column 1: the character U+201C (quotation mark)"},
           {"Bearer s3cr3t", "begins with \"Bearer \""},
           {"bearer\n", "the word \"Bearer\""},
           {"\xef\xbb\xbf"
            "bEARER\ts3cr3t",
            "begins with \"Bearer \""},
           {"Bearer\ns3cr3t", "begins with \"Bearer \""},
           {"Authorization: Bearer s3cr3t", "begins with a name"},
           {"TOKEN = s3cr3t", "begins with a name"},
           {"account-token=s3cr3t", "begins with a name"},
           {"{\"token\": \"s3cr3t\"}", "JSON"},
           {"s3cr3t\ns3cr3t\n", "on one line (line 1, column 7: a line break"},
           {"\n\n s3cr3t s3cr3t", "line 3, column 8: a space"},
           {"s3cr3t\ts3cr3t", "line 1, column 7: the control character 0x09"},
           {"s3cr3t=s3cr3t", "line 1, column 7: the character ="},
           {"=s3cr3t", "line 1, column 1: the character ="},
           {"s3cr3t\xc2\xa0", "line 1, column 7: the character U+00A0 (no-break space)"},
           {"s3cr3t\xe2\x80\x8b\n", "line 1, column 7: the character U+200B (zero-width space)"},
           {"s3cr3t\xf0\x9f\x98\x80", "line 1, column 7: the character U+1F600"},
           {"s3cr3t\xe9", "line 1, column 7: the byte 0xe9"},
           {"s3cr3t\xe2\x80", "line 1, column 7: the byte 0xe2"},
           {"\xff\xfes\0"s, "UTF-16"},
           {"\xfe\xff\0s"s, "UTF-16"},
           {"s\0003\0"s, "byte 2 is NUL"},
           {" \r\n\n", "empty"},
           {"\xef\xbb\xbf\n", "empty"},
       }) {
    CAPTURE(text);
    const SecretFile file(text);
    const auto token = read_token(file.source());
    REQUIRE_FALSE(token.has_value());
    CHECK(token.error().kind == ErrorKind::unauthorized);
    CHECK_THAT(token.error().message,
               ContainsSubstring(words) && ContainsSubstring(file.source().name) && !ContainsSubstring("s3cr3t"));
  }
}

TEST_CASE("tokens from the configuration or a variable are checked the same way") {
  CHECK_FALSE(read_token({.kind = SecretSource::Kind::value, .name = "", .value = Secret("Bearer x")}).has_value());
  ::setenv("RENEWD_TEST_TOKEN", "\"x\"", 1);
  CHECK_FALSE(read_token({.kind = SecretSource::Kind::env, .name = "RENEWD_TEST_TOKEN", .value = {}}).has_value());
  ::unsetenv("RENEWD_TEST_TOKEN");
}

TEST_CASE("a password for HTTP may contain anything except control characters") {
  CHECK(read_basic_password(SecretFile(" p\xc3\xa4ss: \"w\" \n").source())->view() == " p\xc3\xa4ss: \"w\" ");
  for (const std::string& text : {"pass\nword\n"s, "pass\tword"s, "pass\x7f"s, "pass\n\n"s}) {
    CAPTURE(text);
    const auto password = read_basic_password(SecretFile(text).source());
    REQUIRE_FALSE(password.has_value());
    CHECK_THAT(password.error().message, ContainsSubstring("byte 5"));
  }
}
