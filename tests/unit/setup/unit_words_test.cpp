#include "setup/unit_words.hpp"

#include "setup/environment_file.hpp"
#include "setup/shell_words.hpp"
#include "support/catch.hpp"

namespace renewd::setup {
namespace {

using Words = std::vector<std::string>;
using Variables = std::vector<std::pair<std::string, std::string>>;

TEST_CASE("splits a value at white space and removes quotes anywhere in a word") {
  CHECK(split_words("A=1  B=2\tC=3") == Words{"A=1", "B=2", "C=3"});
  CHECK(split_words(R"("A=one two" B='three "four"' C="it's")") == Words{"A=one two", "B=three \"four\"", "C=it's"});
  CHECK(split_words(R"(A= "")") == Words{"A=", ""});
  CHECK(split_words("") == Words{});
  CHECK(split_words("A=p@$$#%;w") == Words{"A=p@$$#%;w"});
}

TEST_CASE("expands C escapes inside and outside of quotes") {
  CHECK(split_words(R"(A=a\sb\tc\\d "B=\"\x41\101\u00e9\U0001F600")") ==
        Words{"A=a b\tc\\d", "B=\"AA\u00e9\U0001F600"});
}

TEST_CASE("refuses open quotes and invalid escapes, as systemd does") {
  for (const std::string_view text :
       {"\"A=1", "A='x", R"(A=\q)", R"(A=\x4)", R"(A=\x00)", R"(A=\400)", R"(A=\)", R"(A=\U00110000)"}) {
    INFO(text);
    CHECK_FALSE(split_words(text).has_value());
  }
}

TEST_CASE("expands the specifiers that depend on the unit's name, and no others") {
  CHECK(expand_specifiers("/srv/%n/%N/%p/%i/100%%", "gw@eu.service") == "/srv/gw@eu.service/gw@eu/gw/eu/100%");
  CHECK(expand_specifiers("%p%i", "gw.service") == "gw");
  CHECK(expand_specifiers("ends with %", "gw.service") == "ends with %");
  CHECK_FALSE(expand_specifiers("%h/keystore", "gw.service").has_value());
}

TEST_CASE("unescapes names for the specifiers that do") {
  const std::string unit = "gw-a@e\\x2du-b.service";
  CHECK(expand_specifiers("%i %I %p %P %j %J %f", unit) == "e\\x2du-b e-u/b gw-a gw/a a a /e-u/b");
  CHECK(expand_specifiers("%S%E%t", unit) == "/var/lib/etc/run");
}

TEST_CASE("splits the value of a variable without braces, and not of one with braces") {
  const Environment environment{{"A", "p q \"r s\""}, {"B", "b"}};
  CHECK(expand_variables({"$A", "${A}", "x${B}y", "x$B", "$$B", "${C}z", "$C", "$", "${B"}, environment) ==
        Words{"p", "q", "r s", "p q \"r s\"", "xby", "x$B", "$B", "z", "$", "${B"});
}

TEST_CASE("splits words as a shell does: quotes, escapes and variables") {
  const Environment environment{{"A", "p \"q r\""}};
  CHECK(shell_words("exec 'a $A' \"b $A\" $A c\\ d \"e\\$\\x\" ${A}f $NONE '' g\\\nh", environment) ==
        Words{"exec", "a $A", "b p \"q r\"", "p", "\"q", "r\"", "c d", "e$\\x", "p", "\"q", "r\"f", "", "gh"});
  CHECK(shell_words("-Da=${gravitee.home}/k $(pwd) 'open", {}) == Words{"-Da=${gravitee.home}/k", "$(pwd)", "open"});
  CHECK(split_at_space("  -Da='x y'\t$B \\n ") == Words{"-Da='x", "y'", "$B", "\\n"});
}

TEST_CASE("reads an environment file as systemd does, unlike a shell") {
  CHECK(parse_environment_file("# comment\n; another \\\nthat goes on=1\n\nA=1\n  B = two words  \nC=\n") ==
        Variables{{"A", "1"}, {"B", "two words"}, {"C", ""}});
  CHECK(parse_environment_file("A='it\\n \"$x\"'\nB=\"a\\\"b\\\\c\\$d\\e\"\n") ==
        Variables{{"A", "it\\n \"$x\""}, {"B", "a\"b\\c$d\\e"}});
  CHECK(parse_environment_file("A=x\"y'z#\nB=a\\ b\\\nc  \nC=\"one\"'two'\n") ==
        Variables{{"A", "x\"y'z#"}, {"B", "a bc"}, {"C", "onetwo"}});
  CHECK(parse_environment_file("A='over\nlines'\r\nB=1\r\n") == Variables{{"A", "over\nlines"}, {"B", "1"}});
  CHECK(parse_environment_file("export A=1\nno assignment\n=x\nB=2") == Variables{{"B", "2"}});
  CHECK(parse_environment_file("A=\"never closed\nB=2") == Variables{{"A", "never closed\nB=2"}});
  CHECK(parse_environment_file("A=ends with \\") == Variables{{"A", "ends with"}});
}

}  // namespace
}  // namespace renewd::setup
