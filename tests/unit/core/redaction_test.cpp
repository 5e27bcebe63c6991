#include "core/redaction.hpp"

#include <ctime>

#include "support/catch.hpp"
#include "support/command.hpp"
#include "support/temporary_directory.hpp"

using namespace renewd;

namespace {

constexpr const char* kToken = "tok+en/1234-aBc";

std::string redacted(std::string_view text, std::string_view secret = kToken) {
  Redaction redaction;
  redaction.hide("token", Secret(secret));
  return redaction(text);
}

std::string each(std::string_view text, const std::string& before, std::string (*escape)(unsigned)) {
  std::string encoded;
  for (const char c : text) {
    encoded += before + escape(static_cast<unsigned char>(c));
  }
  return encoded;
}

std::string decimal(unsigned code) {
  return std::to_string(code) + ";";
}
std::string hexadecimal(unsigned code) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  return {kDigits[code >> 4U], kDigits[code & 0xFU]};
}

}  // namespace

TEST_CASE("replaces a repeated secret by its name and keeps the rest") {
  CHECK(redacted("bad token tok+en/1234-aBc, I said <b>tok+en/1234-aBc</b>.") ==
        "bad token [token], I said <b>[token]</b>.");
  CHECK(redacted("nothing of ours") == "nothing of ours");
  CHECK(redacted("").empty());
  CHECK(Redaction()("tok+en/1234-aBc") == "tok+en/1234-aBc");
  CHECK(redacted("text", "") == "text");
}

TEST_CASE("finds a secret in every encoding that servers use") {
  const std::string token = kToken;
  for (const std::string& encoded : {
           each(token, "&#", decimal),
           each(token, "&amp;#", decimal),
           each(token, "&amp;amp;#", decimal),
           each(token, "&#0", decimal),
           each(token, "&#x", hexadecimal),  // without semicolons
           each(token, "%", hexadecimal),
           each(token, "%25", hexadecimal),
           each(token, "\\u00", hexadecimal),
           each(token, "\\\\u00", hexadecimal),
           each(token, "\\x", hexadecimal),
           each(token, "", hexadecimal),
           std::string("tok&plus;en&sol;1234-aBc"),
           std::string("tok+en\\/1234-aBc"),
           std::string("tok%2Ben%2f1234-aBc"),
           std::string("TOK+EN/1234-ABC"),
           std::string("tok<b>+en</b>/12<!-- a > b -->34-aBc"),
           std::string("tok&lt;b&gt;+en/1234-aBc"),
           std::string("tok+en/\r\n 1234\\n-\\taBc"),
           std::string("t o k + e n / 1 2 3 4 - a B c"),
           std::string("tok\xe2\x80\x8b+en/1234\xc2\xad-aBc"),  // zero width space, soft hyphen
           std::string("<!-- tok<b>+en/1234-a</b>Bc"),
           std::string("tok<b>+en/12 < 34</b>-aBc"),
           std::string("<a href=\"tok+en/1234-aBc\">"),
       }) {
    INFO(encoded);
    const std::string clean = redacted("before " + encoded + " after");
    CHECK_THAT(clean, StartsWith("before ") && EndsWith(" after") && ContainsSubstring("[token]"));
    CHECK(clean.size() <= std::string("before  after[token]<!--<a href=\"\">").size());
  }
}

TEST_CASE("replaces all of a base64 text that contains a secret") {
  // "Bearer tok+en/1234-aBc", "u:tok+en/1234-aBc" and "us:tok+en/1234-aBc\n": the secret begins at each of the three
  // positions in a group. The last one is for URLs.
  for (const std::string encoded : {"QmVhcmVyIHRvaytlbi8xMjM0LWFCYw==", "dTp0b2srZW4vMTIzNC1hQmM=",
                                    "dXM6dG9rK2VuLzEyMzQtYUJjCg", "dG9rK2VuLzEyMzQtYUJj"}) {
    INFO(encoded);
    CHECK(redacted("Basic " + encoded + ", you said") == "Basic [token], you said");
  }
  CHECK(redacted("wrapped: dTp0b2srZW4v\nMTIzNC1hQmM= end") == "wrapped: [token] end");
}

TEST_CASE("replaces a short secret if it is unchanged or escaped") {
  CHECK(redacted("a b#c d", "b#c") == "a [token] d");
  CHECK(redacted("a b&#35;c d", "b#c") == "a [token] d");
  CHECK(redacted("abc, b-c", "b#c") == "abc, b-c");
}

TEST_CASE("distinguishes several secrets, also if one is part of another") {
  Redaction redaction;
  redaction.hide("user", Secret("alice1"));
  redaction.hide("password", Secret("alice1-secret"));
  CHECK(redaction("alice1 with alice1-secret") == "[user] with [user]");
}

TEST_CASE("takes linear time for hostile text") {
  const auto seconds_for = [](const std::string& piece, std::size_t size) {
    std::string text;
    while (text.size() < size) {
      text += piece;
    }
    const std::clock_t began = std::clock();
    redacted(text);
    return static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC;
  };
  // Sixteen times the text would take 256 times as long in quadratic time.
  for (const std::string piece :
       {"<", "<!--", "&amp;", "&#38;#38;", "amp;", "%25", "\\\\u005c", "tok+en/1234-aB", "x"}) {
    INFO(piece);
    const double small = seconds_for(piece, 32 * 1024);
    CHECK(seconds_for(piece, 512 * 1024) < 100 * (small + 0.005));
  }
}

TEST_CASE("reads secrets when needed, and skips unreadable ones") {
  const testing::TemporaryDirectory directory;
  const std::vector<NamedSecret> sources{
      {"token", {SecretSource::Kind::file, (directory / "token").string(), Secret()}},
      {"password", {SecretSource::Kind::file, (directory / "absent").string(), Secret()}}};
  testing::write_file(directory / "token", "first\n");
  CHECK(redaction_of(sources)("first, second") == "[token], second");
  testing::write_file(directory / "token", "second\n");
  CHECK(redaction_of(sources)("first, second") == "first, [token]");
}
