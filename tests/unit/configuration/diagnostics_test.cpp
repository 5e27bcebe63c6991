// The errors of a file as a whole: all of them, in order, once, and never with a secret.
#include <string>
#include <vector>

#include "configuration/loader.hpp"
#include "nearly_right.hpp"
#include "support/catch.hpp"

namespace renewd::configuration {
namespace {

TEST_CASE("reports every error of a file, in the order of the file") {
  const auto settings = parse(R"(log: {level: loud}
certificates:
  - name: Bad Name
    account_url: http://example.com/a
    token: {file: t}
    keystore: {path: k, pasword: {file: /p}}
    gateway: {systemd: {}, rollback: false}
  - name: b
schedule:
  check_every: 12
  splay: 1x
shedule: {}
)");
  REQUIRE_FALSE(settings.has_value());
  std::vector<std::string> places;
  for (const Diagnostic& diagnostic : settings.error()) {
    places.push_back(place_of(diagnostic));
  }
  CHECK(places == std::vector<std::string>{"1:14", "3:11", "4:18", "5:19", "6:22", "6:25", "7:24", "8:5", "8:5", "8:5",
                                           "10:16", "11:10", "12:1"});
}

TEST_CASE("reports an error behind an alias once") {
  const auto settings = parse(
      "certificates:\n"
      "  - {name: a, renew: never, keystore: {path: /a, password: &p {file: p}}}\n"
      "  - {name: b, renew: never, keystore: {path: /b, password: *p}}\n");
  REQUIRE_FALSE(settings.has_value());
  CHECK(settings.error().size() == 1);
}

TEST_CASE("drops errors beyond the limit") {
  std::string yaml;
  for (int i = 0; i < 5000; ++i) {
    yaml += "key" + std::to_string(i) + ": 1\n";
  }
  const auto settings = parse(yaml);
  REQUIRE_FALSE(settings.has_value());
  CHECK(settings.error().size() == DiagnosticSink::kLimit + 1);
  CHECK_THAT(settings.error().back().message, ContainsSubstring("too many errors"));
}

TEST_CASE("never repeats a secret") {
  const std::vector<std::string> files{
      watched("keystore: {path: /k, password: hunter2}"),
      watched("keystore: {path: /k, password: [hunter2]}"),
      watched("keystore: {path: /k, password: {value:hunter2}}"),
      watched("keystore: {path: /k, password: {hunter2: hunter2}}"),
      watched("keystore: {path: /k, password: {file: hunter2}}"),
      watched("keystore: {path: /k, password: {credential: /hunter2}}"),
      watched("keystore: {path: /k, password: {env: A=hunter2}}"),
      watched("keystore: {path: /k, password: {value: hunter2, file: /hunter2}}"),
      watched("keystore: {path: /k, password: {value: *hunter2}}"),
      watched("keystore: {path: /k, password: {value: &hunter2}}"),
      watched("keystore: {path: /k, password: {value: !hunter2}}"),
      watched("keystore: {path: /k, password: {value: %hunter2}}"),
      watched("keystore: {path: /k, password: {value: \"\\hunter2\"}}"),
      watched("keystore: {path: /k, password: {value: 'hunter2}}"),
      with_line("account_url: https://a:hunter2@b/c"),
      with_top_level("http: {proxy: \"http://a:hunter2@b:1\"}"),
      with_top_level("http: {proxy: \"hunter2\"}"),
  };
  for (const std::string& yaml : files) {
    CAPTURE(yaml);
    const auto settings = parse(yaml);
    REQUIRE_FALSE(settings.has_value());
    for (const Diagnostic& diagnostic : settings.error()) {
      CHECK(diagnostic.message.find("unter2") == std::string::npos);
    }
  }
}

}  // namespace
}  // namespace renewd::configuration
