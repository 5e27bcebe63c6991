#include "setup/gravitee_settings.hpp"

#include "support/catch.hpp"

namespace renewd::setup {
namespace {

GraviteeSettings read(std::string_view yaml) {
  auto settings = GraviteeSettings::read(yaml);
  if (!settings) {
    FAIL(settings.error().message);
  }
  return std::move(*settings);
}

std::string value(const GraviteeSettings& settings, std::string_view name) {
  const auto setting = settings.find(name);
  if (!setting) {
    return "(not set)";
  }
  return setting->problem.empty() ? setting->value : "(problem)";
}

std::string problem(const GraviteeSettings& settings, std::string_view name) {
  const auto setting = settings.find(name);
  return setting ? setting->problem : "(not set)";
}

TEST_CASE("nested and dotted keys are equivalent, also mixed") {
  for (const std::string_view yaml :
       {"a:\n  b:\n    c: x\n", "a.b.c: x\n", "a.b:\n  c: x\n", "a:\n  b.c: x\n", "a: {b: {c: 'x'}}\n"}) {
    INFO(yaml);
    CHECK(value(read(yaml), "a.b.c") == "x");
  }
  const auto settings = read("a.b: {x: 1}\na: {b: {c: nested}}\nab.c: other\n");
  CHECK(value(settings, "a.b.c") == "nested");
  CHECK(value(settings, "a.b.x") == "1");
  CHECK(value(settings, "a.b") == "(not set)");
  CHECK(value(settings, "b.c") == "(not set)");
}

TEST_CASE("the last duplicate wins, and anchors and merge keys are followed") {
  CHECK(value(read("a.b: first\na: {b: last}\n"), "a.b") == "last");
  const auto settings = read(
      "defaults: &d {type: PKCS12, password: shared}\nmore: &m {path: /m}\n"
      "one: *d\ntwo: {<<: *d, password: own}\nthree: {<<: [*m, *d]}\n");
  CHECK(value(settings, "one.password") == "shared");
  CHECK(value(settings, "two.password") == "own");
  CHECK(value(settings, "two.type") == "PKCS12");
  CHECK(value(settings, "three.path") == "/m");
}

TEST_CASE("empty values are not set") {
  CHECK(value(read("a:\nb: ''\nc: [x]\n"), "a") == "(not set)");
  CHECK(value(read("a:\nb: ''\nc: [x]\n"), "b") == "(not set)");
  CHECK(value(read("a:\nb: ''\nc: [x]\n"), "c") == "(not set)");
  CHECK(value(read("# all in comments\n"), "a") == "(not set)");
  CHECK(value(read(""), "a") == "(not set)");
}

TEST_CASE("the environment overrides the file, in every form that Gravitee supports") {
  for (const std::string variable :
       {"gravitee_a_b", "GRAVITEE_A_B", "gravitee.a.b", "GRAVITEE.A.B", "gravitee_a.b", "a_b"}) {
    INFO(variable);
    auto settings = read("a: {b: file}\n");
    settings.set_environment({{variable, "environment"}, {"gravitee_a_bc", "no"}, {"Gravitee_A_B", "no"}});
    CHECK(value(settings, "a.b") == "environment");
    CHECK(settings.find("a.b")->origin == "the variable " + variable);
  }
  CHECK(read("a: {b: file}\n").find("a.b")->origin == "line 1");
}

TEST_CASE("finds names with hyphens and indices in the environment and in lists") {
  auto settings =
      read("hosts: [{name: one}, [x, y]]\nmy-key: file\na: ${hosts[0].name}-${hosts[1][1]}-${hosts[2]:none}\n");
  CHECK(value(settings, "a") == "one-y-none");
  CHECK(value(settings, "hosts[0].name") == "one");
  CHECK(value(settings, "hosts[x].name") == "(not set)");
  settings.set_properties({{"hosts[0].name", "property"}, {"my-key", "property"}});
  CHECK(value(settings, "a") == "property-y-none");
  settings.set_environment({{"gravitee_hosts_0_name", "variable"}, {"GRAVITEE_MYKEY", "variable"}});
  CHECK(value(settings, "a") == "variable-y-none");
  CHECK(value(settings, "my-key") == "variable");
  CHECK(settings.find("my-key")->overridden == "the system property my-key");
}

TEST_CASE("replaces placeholders by the home, other settings, variables and defaults") {
  auto settings = read(
      "home: ${gravitee.home}/config\nnested: ${ds.${which}}\nwhich: one\nds: {one: 1st}\n"
      "variable: ${KEYSTORE_DIR}/k\ndefault: ${not.there:fallback:with colon}\nempty: x${not.there:}y\n"
      "twice: ${home}/${nested}\nplain: pa$$w0rd}{ $x\nopen: ${never\n");
  settings.set_home("/opt/gw");
  settings.set_environment({{"KEYSTORE_DIR", "/srv"}});
  CHECK(value(settings, "home") == "/opt/gw/config");
  CHECK(value(settings, "nested") == "1st");
  CHECK(value(settings, "variable") == "/srv/k");
  CHECK(value(settings, "default") == "fallback:with colon");
  CHECK(value(settings, "empty") == "xy");
  CHECK(value(settings, "twice") == "/opt/gw/config/1st");
  CHECK(value(settings, "plain") == "pa$$w0rd}{ $x");
  CHECK(value(settings, "open") == "${never");
}

TEST_CASE("reports an unresolvable placeholder by its name, without a possible secret") {
  const auto settings = read(
      "a: x${missing}y\nb: ${env:TOKEN}\nc: ${sys:keystore}\nd: ${gravitee.home}/k\n"
      "e: hunter2${missing}\n");
  CHECK_THAT(problem(settings, "a"), ContainsSubstring("${missing}"));
  for (const std::string_view name : {"b", "c", "d"}) {
    CHECK_THAT(problem(settings, name), ContainsSubstring("placeholder"));
  }
  CHECK_THAT(problem(settings, "e"), !ContainsSubstring("hunter2"));
}

TEST_CASE("stops at placeholders that refer to each other or grow") {
  CHECK_THAT(problem(read("a: ${b}\nb: ${a}\n"), "a"), ContainsSubstring("loop"));
  std::string yaml = "x0: " + std::string(1000, 'x') + "\n";
  for (int i = 1; i < 12; ++i) {
    const std::string before = std::to_string(i - 1);
    yaml += "x" + std::to_string(i) + ": ";
    for (int j = 0; j < 10; ++j) {
      yaml += "${x" + before + "}";
    }
    yaml += "\n";
  }
  CHECK_FALSE(problem(read(yaml), "x11").empty());
  CHECK_FALSE(problem(read("a: " + std::string(3000, '$') + std::string("${") + std::string(3000, '{') +
                           "}\nb: " + "${${${${${${${${${${${${${${${${${${x}}}}}}}}}}}}}}}}}}\n"),
                      "b")
                  .empty());
}

TEST_CASE("reports values in a secret provider") {
  CHECK_THAT(problem(read("a: secret://vault/keystore:password\n"), "a"), ContainsSubstring("secret provider"));
  CHECK_THAT(problem(read("a: kubernetes://ns/secrets/x\n"), "a"), ContainsSubstring("secret provider"));
  CHECK_THAT(problem(read("a: ${b}\nb: secret://vault/x\n"), "a"), ContainsSubstring("secret provider"));
}

TEST_CASE("reports an unquoted value that YAML changes") {
  for (const std::string text :
       {"0123", "1_000", "0x1F", "1e3", "1.50", "yes", "Off", "TRUE", "12:30:45", "2026-11-24", ".5", "-.inf"}) {
    INFO(text);
    CHECK_THAT(problem(read("a: " + text + "\n"), "a"), ContainsSubstring("not in quotes"));
    CHECK(value(read("a: \"" + text + "\"\n"), "a") == text);
  }
  for (const std::string text : {"12345", "0", "-7", "true", "1a2b3c", "127.0.0.1", "s3cr3t", "yes!", "0777x", "e3"}) {
    INFO(text);
    CHECK(value(read("a: " + text + "\n"), "a") == text);
  }
}

TEST_CASE("reports the place of a syntax error") {
  const auto broken = GraviteeSettings::read("cockpit:\n  keystore: {path: x\n");
  REQUIRE_FALSE(broken.has_value());
  CHECK(broken.error().place.line > 0);
  CHECK_FALSE(GraviteeSettings::read("- a list\n").has_value());
  CHECK_FALSE(GraviteeSettings::read("just words\n").has_value());
}

TEST_CASE("the region of the cloud comes from any host name of the cloud, if all have the same one") {
  CHECK(read("cloud: {connector: {ws: {endpoints: ['https://us.cloudgate.gravitee.io:443']}}}\n").cloud_region() ==
        "us");
  CHECK(read("a: https://acct.EU.cloudgate.gravitee.io/x\nb: [{c: eu.cloud.gravitee.io}]\n").cloud_region() == "eu");
  CHECK(read("a: https://us.cloud.gravitee.io\nb: https://eu.cloud.gravitee.io\n").cloud_region().empty());
  CHECK(read("a: https://.cloud.gravitee.io and gravitee.io\n# https://us.cloud.gravitee.io\n").cloud_region().empty());
  auto settings = read("a: b\n");
  settings.set_environment({{"gravitee_cloud_connector_ws_endpoints_0", "https://us.cloudgate.gravitee.io"}});
  CHECK(settings.cloud_region() == "us");
}

TEST_CASE("finds the first key of a map") {
  CHECK(read("a: {users: {bob: x, admin: y}}\n").first_key_under("a.users") == "bob");
  CHECK(read("a: {users: x}\n").first_key_under("a.users").empty());
  CHECK(read("").first_key_under("a.users").empty());
}

}  // namespace
}  // namespace renewd::setup
