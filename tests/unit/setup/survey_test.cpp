// Surveys of typical hosts.
#include "setup/survey.hpp"

#include "host.hpp"
#include "support/catch.hpp"

namespace renewd::setup {
namespace {

using testing::kGatewayFile;
using testing::kGatewayHome;
using testing::kGatewayUnit;
using testing::SurveyedHost;

Survey look(const SurveyedHost& host, const std::vector<std::filesystem::path>& from = {}) {
  auto found = survey(host.files(), from);
  if (!found) {
    FAIL(found.error().message);
  }
  return std::move(*found);
}

FoundKeystore only_keystore(const SurveyedHost& host) {
  auto found = look(host);
  for (const auto& note : found.notes) {
    UNSCOPED_INFO(note);
  }
  REQUIRE(found.keystores.size() == 1);
  return std::move(found.keystores[0]);
}

std::string password_of(const FoundKeystore& keystore) {
  return keystore.password ? std::string(keystore.password->view()) : "(none: " + keystore.password_problem + ")";
}

std::string notes_of(const Survey& survey) {
  std::string all;
  for (const auto& note : survey.notes) {
    all += note + "\n";
  }
  return all;
}

TEST_CASE("version 4: the cloud connector's keystore, in a home that is a link") {
  const SurveyedHost host;
  host.write("/opt/graviteeio/apim/graviteeio-apim-gateway-4.5.0/config/gravitee.yml", R"(
cloud:
  enabled: true
  connector:
    ws:
      ssl:
        keystore:
          type: PKCS12
          path: ${gravitee.home}/config/keystore.p12
          password: s3cr3t
services:
  core:
    http: {enabled: true, port: 18082, host: localhost, authentication: {type: basic, users: {admin: adminadmin}}}
)");
  host.link("graviteeio-apim-gateway-4.5.0", kGatewayHome);
  host.write_stock_unit();
  const auto keystore = only_keystore(host);
  CHECK(keystore.component == "apim-gateway");
  CHECK(keystore.path == "/opt/graviteeio/apim/gateway/config/keystore.p12");
  CHECK(keystore.type == "pkcs12");
  CHECK(password_of(keystore) == "s3cr3t");
  CHECK(keystore.units == std::vector<std::string>{std::string(kGatewayUnit)});
  CHECK(keystore.origin == std::string(kGatewayFile) + ", cloud.connector.ws.ssl.keystore");
  CHECK(keystore.technical_api.url == "http://localhost:18082/_node/health");
  CHECK(keystore.technical_api.username == "admin");
  CHECK(keystore.technical_api.password->view() == "adminadmin");
  CHECK(keystore.technical_api.problem.empty());
}

TEST_CASE("version 3: cockpit's keystore in the management API, whose file in /etc has priority") {
  const SurveyedHost host;
  host.write("/opt/graviteeio/apim/rest-api/config/gravitee.yml",
             "cockpit: {keystore: {path: /old.p12, password: old}}\n");
  host.write("/etc/gravitee-management/gravitee.yml", R"(
cockpit:
  enabled: true
  keystore:
    type: jks
    path: security/cockpit.jks
    password: "0123"
)");
  host.write_stock_unit("graviteeio-apim-rest-api.service", "/opt/graviteeio/apim/rest-api");
  const auto keystore = only_keystore(host);
  CHECK(keystore.component == "apim-rest-api");
  CHECK(keystore.path == "/opt/graviteeio/apim/rest-api/security/cockpit.jks");
  CHECK(keystore.type == "jks");
  CHECK(password_of(keystore) == "0123");
  CHECK(keystore.units == std::vector<std::string>{"graviteeio-apim-rest-api.service"});
  CHECK_THAT(keystore.origin, StartsWith("/etc/gravitee-management/gravitee.yml"));
  // The management API's default port, without a user.
  CHECK(keystore.technical_api.url == "http://localhost:18083/_node/health");
  CHECK_FALSE(keystore.technical_api.problem.empty());
}

TEST_CASE("version 3.2x: cockpit.connector, as flat keys, and the newest spelling wins") {
  const SurveyedHost host;
  host.write(kGatewayFile, R"(
cockpit.keystore.path: /oldest.p12
cockpit.keystore.password: oldest
cockpit.connector.ws.ssl.keystore.path: /etc/pki/gravitee key store/client.p12
cockpit.connector.ws.ssl.keystore.password: 'it''s: "this"'
)");
  const auto found = look(host);
  REQUIRE(found.keystores.size() == 1);
  CHECK(found.keystores[0].path == "/etc/pki/gravitee key store/client.p12");
  CHECK(password_of(found.keystores[0]) == "it's: \"this\"");
  CHECK(found.keystores[0].units.empty());
  CHECK_THAT(notes_of(found), ContainsSubstring("skipped: cockpit.keystore,"));
}

TEST_CASE("the environment of the unit, its drop-ins and their files overrides gravitee.yml") {
  const SurveyedHost host;
  host.write(kGatewayFile, R"(
cloud: {connector: {ws: {ssl: {keystore: {type: JKS, path: /from/the/file.jks, password: file}}}}}
)");
  host.write_stock_unit();
  host.write_drop_in(
      "Environment=\"gravitee_cloud_connector_ws_ssl_keystore_path=/etc/gravitee/with space.p12\"\n"
      "Environment=GRAVITEE_CLOUD_CONNECTOR_WS_SSL_KEYSTORE_TYPE=pkcs12\n"
      "EnvironmentFile=/etc/default/gravitee\n");
  host.write("/etc/default/gravitee", "gravitee_cloud_connector_ws_ssl_keystore_password='from the file #1'\n");
  const auto keystore = only_keystore(host);
  CHECK(keystore.path == "/etc/gravitee/with space.p12");
  CHECK(keystore.type == "pkcs12");
  CHECK(password_of(keystore) == "from the file #1");
}

TEST_CASE("everything in the environment, as a container's file has it, the home too") {
  const SurveyedHost host;
  host.write("/srv/gw/config/gravitee.yml", "# all in the environment\n");
  host.write("/etc/systemd/system/hybrid.service",
             "[Service]\nEnvironment=GRAVITEE_HOME=/srv/gw\nExecStart=/usr/bin/java -jar gw.jar\n"
             "Environment=gravitee_cockpit_connector_ws_ssl_keystore_path=${gravitee.home}/k.p12\n"
             "Environment=gravitee_cockpit_connector_ws_ssl_keystore_password=100%%sure\n");
  const auto keystore = only_keystore(host);
  CHECK(keystore.component.empty());
  CHECK(keystore.path == "/srv/gw/k.p12");
  CHECK(password_of(keystore) == "100%sure");
  CHECK(keystore.units == std::vector<std::string>{"hybrid.service"});
}

TEST_CASE("finds the home and gravitee.yml of a unit that starts Java itself") {
  const SurveyedHost host;
  host.write("/etc/custom.yml", "cockpit: {keystore: {path: '${gravitee.home}/k.p12', password: x}}\n");
  host.write("/etc/systemd/system/java.service",
             "[Service]\nEnvironment=\"JAVA_OPTS=-Xmx1g -Dgravitee.conf=/etc/custom.yml\"\n"
             "ExecStart=/usr/bin/java -Dgravitee.home=/srv/gravitee -jar gw.jar\n");
  const auto keystore = only_keystore(host);
  CHECK(keystore.path == "/srv/gravitee/k.p12");
  CHECK(keystore.units == std::vector<std::string>{"java.service"});
}

// A gateway with one keystore in gravitee.yml, and `lines` in a drop-in of its unit.
struct Launched : SurveyedHost {
  explicit Launched(std::string_view lines) {
    write(kGatewayFile, "cloud: {connector: {ws: {ssl: {keystore: {path: /file.p12, password: of-the-file}}}}}\n");
    write_stock_unit();
    write_drop_in(lines);
  }
};

constexpr std::string_view kPath = "-Dcloud.connector.ws.ssl.keystore.path=";
constexpr std::string_view kPassword = "-Dcloud.connector.ws.ssl.keystore.password=";

TEST_CASE("Java's system properties override gravitee.yml, wherever the unit sets them") {
  const std::string both = std::string(kPath) + "/property.p12 " + std::string(kPassword) + "of-the-property";
  const auto [lines, files] = GENERATE_COPY(table<std::string, std::string>({
      {"Environment=\"JAVA_OPTS=-Xmx1g " + both + "\"", ""},
      {"Environment='JAVA_OPTIONS=" + both + "'", ""},
      {"EnvironmentFile=/etc/default/gravitee", "JAVA_OPTS=\"-Xmx1g " + both + "\"\n"},
      {"EnvironmentFile=/etc/default/gravitee", "JAVA_OPTS=" + both + "\n"},
      {"Environment=\"JAVA_TOOL_OPTIONS=" + both + "\"", ""},
      {"Environment=\"_JAVA_OPTIONS=" + both + "\" \"JAVA_OPTS=" + std::string(kPath) + "/weaker.p12\"", ""},
      {"ExecStart=\nExecStart=/opt/graviteeio/apim/gateway/bin/gravitee " + both, ""},
      {"Environment=\"OURS=" + both +
           "\" GRAVITEE_HOME=/opt/graviteeio/apim/gateway\n"
           "ExecStart=\nExecStart=/usr/bin/java -Xmx1g $OURS -jar gw.jar",
       ""},
      {"Environment=KEYS=/property.p12 GRAVITEE_HOME=/opt/graviteeio/apim/gateway\n"
       "ExecStart=\nExecStart=java \"" +
           std::string(kPath) + "${KEYS}\" '" + std::string(kPassword) + "of-the-property' -jar gw.jar",
       ""},
      {"Environment=GRAVITEE_HOME=/opt/graviteeio/apim/gateway\n"
       "ExecStart=\nExecStart=java @/etc/default/gravitee -jar gw.jar",
       "-Xmx1g\n" + std::string(kPath) + "/property.p12\n\"" + std::string(kPassword) + "of-the-property\"\n"},
      {"ExecStart=\nExecStart=/bin/sh -c 'export LANG=C; JAVA_OPTS=\"" + both +
           "\" exec /opt/graviteeio/apim/gateway/bin/gravitee'",
       ""},
      {"ExecStart=\nExecStart=/usr/bin/env \"JAVA_OPTS=" + both + "\" /opt/graviteeio/apim/gateway/bin/gravitee", ""},
  }));
  INFO(lines);
  Launched host(lines);
  host.write("/etc/default/gravitee", files);
  const auto keystore = only_keystore(host);
  CHECK(keystore.path == "/property.p12");
  CHECK(password_of(keystore) == "of-the-property");
  CHECK(keystore.units == std::vector<std::string>{std::string(kGatewayUnit)});
  CHECK_THAT(keystore.origin, ContainsSubstring("the system property cloud.connector.ws.ssl.keystore.path"));
  const auto notes = notes_of(look(host));
  CHECK_THAT(notes, ContainsSubstring("overrides cloud.connector.ws.ssl.keystore.path (line 1 of"));
  CHECK_THAT(notes, !ContainsSubstring("of-the-"));
}

TEST_CASE("the environment overrides system properties, but only with Gravitee's prefix") {
  Launched host("Environment=\"JAVA_OPTS=" + std::string(kPath) + "/property.p12 " + std::string(kPassword) +
                "of-the-property\" gravitee_cloud_connector_ws_ssl_keystore_path=/variable.p12 "
                "CLOUD_CONNECTOR_WS_SSL_KEYSTORE_PASSWORD=unprefixed\n");
  const auto keystore = only_keystore(host);
  CHECK(keystore.path == "/variable.p12");
  CHECK(password_of(keystore) == "of-the-property");
  CHECK_THAT(notes_of(look(host)), ContainsSubstring("the variable gravitee_cloud_connector_ws_ssl_keystore_path "
                                                     "overrides cloud.connector.ws.ssl.keystore.path (the system "
                                                     "property cloud.connector.ws.ssl.keystore.path)"));
}

TEST_CASE("the launcher's shell splits JAVA_OPTS at spaces, and removes quotes only in eval") {
  Launched host("Environment='JAVA_OPTS=" + std::string(kPath) + "${gravitee.home}/k.p12 " + std::string(kPassword) +
                "\"a\\\\b$c\"'\n");
  CHECK(password_of(only_keystore(host)) == "\"a\\b$c\"");
  CHECK(only_keystore(host).path == "/opt/graviteeio/apim/gateway/k.p12");
  host.write("/opt/graviteeio/apim/gateway/bin/gravitee", "#!/bin/sh\nexec \"$JAVA\" $JAVA_OPTS Bootstrap\n");
  CHECK(password_of(only_keystore(host)) == "\"a\\b$c\"");
  host.write("/opt/graviteeio/apim/gateway/bin/gravitee", "#!/bin/sh\neval \"$JAVA\" $JAVA_OPTS Bootstrap\n");
  CHECK(password_of(only_keystore(host)) == "a\\b");
  // The launcher ignores the variable.
  host.write("/opt/graviteeio/apim/gateway/bin/gravitee", "#!/bin/sh\nexec \"$JAVA\" $OTHER_OPTS Bootstrap\n");
  CHECK(password_of(only_keystore(host)) == "of-the-file");
}

TEST_CASE("a launcher's file in /etc overrides gravitee.conf, which overrides the home's file") {
  Launched host("Environment=JAVA_OPTS=-Dgravitee.conf=/etc/mine.yml\n");
  host.write("/etc/mine.yml", "cockpit.keystore: {path: /mine.p12, password: x}\n");
  auto found = look(host);
  REQUIRE(found.keystores.size() == 1);
  CHECK(found.keystores[0].path == "/mine.p12");
  CHECK(found.keystores[0].units.size() == 1);
  const auto given = look(host, {"/opt/graviteeio/apim/gateway/config/gravitee.yml"});
  CHECK_THAT(notes_of(given), ContainsSubstring("graviteeio-apim-gateway.service reads /etc/mine.yml, not /opt/"));
  CHECK_THAT(notes_of(found), ContainsSubstring("config/gravitee.yml") && ContainsSubstring("reads /etc/mine.yml"));
  host.write("/opt/graviteeio/apim/gateway/bin/gravitee",
             "test -f /etc/own/gravitee.yml && GRAVITEE_OPTS=\"-Dgravitee.conf=/etc/own/gravitee.yml\"\n"
             "exec java $JAVA_OPTS $GRAVITEE_OPTS Bootstrap\n");
  CHECK(only_keystore(host).path == "/mine.p12");
  host.write("/etc/own/gravitee.yml", "cockpit.keystore: {path: /own.p12, password: x}\n");
  CHECK(only_keystore(host).path == "/own.p12");
}

TEST_CASE("each enabled instance of a template has its own configuration") {
  const SurveyedHost host;
  host.write("/etc/systemd/system/gw@.service",
             "[Service]\nEnvironmentFile=-/etc/gw/%I.env\nEnvironment=JAVA_OPTS=-Dgravitee.conf=/etc/gw/%I.yml\n"
             "ExecStart=/opt/graviteeio/apim/gateway/bin/gravitee\n");
  for (const std::string instance : {"eu", "us\\x2deast"}) {
    host.link("../gw@.service", "/etc/systemd/system/multi-user.target.wants/gw@" + instance + ".service");
  }
  host.write("/etc/gw/eu.yml", "cockpit.keystore: {path: /eu.p12, password: x}\n");
  host.write("/etc/gw/us-east.yml", "cockpit.keystore: {path: /overridden.p12, password: x}\n");
  host.write("/etc/gw/us-east.env", "gravitee_cockpit_keystore_path=/us.p12\n");
  host.write("/etc/systemd/system/gw@eu.service.d/own.conf",
             "[Service]\nEnvironment=gravitee_cockpit_keystore_password=%i-own\n");
  const auto found = look(host);
  INFO(notes_of(found));
  REQUIRE(found.keystores.size() == 2);
  CHECK(found.keystores[0].path == "/eu.p12");
  CHECK(password_of(found.keystores[0]) == "eu-own");
  CHECK(found.keystores[0].units == std::vector<std::string>{"gw@eu.service"});
  CHECK(found.keystores[1].path == "/us.p12");
  CHECK(found.keystores[1].units == std::vector<std::string>{"gw@us\\x2deast.service"});
}

TEST_CASE("the last of several documents wins, and one for a profile is skipped with a note") {
  const SurveyedHost host;
  host.write(kGatewayFile,
             "cockpit: {keystore: {path: /first.p12, password: first}}\n---\ncockpit.keystore.path: /second.p12\n"
             "---\nspring: {config: {activate: {on-profile: test}}}\ncockpit.keystore.path: /third.p12\n---\n");
  const auto found = look(host);
  REQUIRE(found.keystores.size() == 1);
  CHECK(found.keystores[0].path == "/second.p12");
  CHECK(password_of(found.keystores[0]) == "first");
  CHECK_THAT(notes_of(found), ContainsSubstring("gravitee.yml:4: ") && ContainsSubstring("spring.config.activate"));
}

TEST_CASE("as Helm's values render it: anchors, a secret provider, a technical API for the whole network") {
  const SurveyedHost host;
  host.write(kGatewayFile, R"(
x-keystore: &keystore
  type: "pkcs12"
  path: "/opt/graviteeio/secrets/keystore.p12"
  password: "secret://kubernetes/cloud-keystore:password"
cloud:
  enabled: true
  connector: {ws: {ssl: {keystore: {<<: *keystore}}}}
management:
  type: "http"
  http: {ssl: {keystore: *keystore}}
services: {core: {http: {enabled: true, port: "18082", host: "0.0.0.0", authentication: {type: none}}}}
)");
  host.write_stock_unit();
  const auto keystore = only_keystore(host);
  CHECK(keystore.path == "/opt/graviteeio/secrets/keystore.p12");
  CHECK_FALSE(keystore.password.has_value());
  CHECK_THAT(keystore.password_problem, ContainsSubstring("secret provider"));
  CHECK(keystore.technical_api.url == "http://localhost:18082/_node/health");
  CHECK(keystore.technical_api.username.empty());
  CHECK(keystore.technical_api.problem.empty());
}

TEST_CASE("uses the bridge client's keystore only for a bridge without another one") {
  const SurveyedHost host;
  host.write(kGatewayFile,
             "management: {type: http, http: {ssl: {keystore: {type: pkcs12, path: /bridge.p12, password: x}}}}\n");
  const auto found = look(host);
  REQUIRE(found.keystores.size() == 1);
  CHECK(found.keystores[0].path == "/bridge.p12");
  CHECK_THAT(notes_of(found), ContainsSubstring("bridge client"));

  host.write(kGatewayFile, "management: {type: mongodb, http: {ssl: {keystore: {path: /bridge.p12}}}}\n");
  CHECK(look(host).keystores.empty());
}

TEST_CASE("skips disabled connectors") {
  const SurveyedHost host;
  host.write(kGatewayFile, "cockpit: {enabled: false, keystore: {path: /k.p12, password: x}}\n");
  const auto found = look(host);
  CHECK(found.keystores.empty());
  CHECK_THAT(notes_of(found), ContainsSubstring("cockpit is disabled"));
}

TEST_CASE("merges the units that use the same keystore") {
  const SurveyedHost host;
  host.write(kGatewayFile, "cloud.connector.ws.ssl.keystore: {path: /etc/gravitee/shared.p12, password: x}\n");
  host.write("/opt/graviteeio/apim/rest-api/config/gravitee.yml",
             "cloud.connector.ws.ssl.keystore: {path: /etc/gravitee/link.p12, password: x}\n");
  host.write("/opt/graviteeio/am/gateway/config/gravitee.yml",
             "cockpit.keystore: {path: config/am.p12, password: y}\n");
  host.write("/etc/gravitee/shared.p12", "");
  host.link("shared.p12", "/etc/gravitee/link.p12");
  host.write_stock_unit();
  host.write_stock_unit("graviteeio-apim-rest-api.service", "/opt/graviteeio/apim/rest-api");
  host.write_stock_unit("graviteeio-am-gateway.service", "/opt/graviteeio/am/gateway");
  const auto found = look(host);
  REQUIRE(found.keystores.size() == 2);
  CHECK(found.keystores[0].units ==
        std::vector<std::string>{std::string(kGatewayUnit), "graviteeio-apim-rest-api.service"});
  CHECK(found.keystores[1].path == "/opt/graviteeio/am/gateway/config/am.p12");
  CHECK(found.keystores[1].component == "am-gateway");
}

TEST_CASE("notes a broken or unreadable gravitee.yml, and reads the others") {
  const SurveyedHost host;
  host.write(kGatewayFile, "cockpit:\n  keystore: {path: hunter2\n");
  host.write("/opt/graviteeio/am/gateway/config/gravitee.yml", "cockpit.keystore: {path: /am.p12, password: y}\n");
  std::filesystem::create_directories(host / "opt/graviteeio/apim/rest-api/config/gravitee.yml");
  const auto found = look(host);
  CHECK(found.keystores.size() == 1);
  CHECK_THAT(notes_of(found), ContainsSubstring(std::string(kGatewayFile) + ":"));
  CHECK_THAT(notes_of(found), ContainsSubstring("not a regular file"));
  CHECK_THAT(notes_of(found), !ContainsSubstring("hunter2"));
}

TEST_CASE("a given file must exist and be valid") {
  const SurveyedHost host;
  CHECK_FALSE(survey(host.files(), {"/missing/gravitee.yml"}).has_value());
  host.write("/broken.yml", "a: [\n");
  CHECK_FALSE(survey(host.files(), {"/broken.yml"}).has_value());
  host.write("/bomb.yml",
             "a: &a [x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]\n"
             "c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]\nd: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]\n"
             "e: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]\nf: &f [*e, *e, *e, *e, *e, *e, *e, *e, *e, *e]\n"
             "g: [*f, *f, *f, *f, *f, *f, *f, *f, *f, *f]\n");
  CHECK_FALSE(survey(host.files(), {"/bomb.yml"}).has_value());
  host.write("/large.yml", "# " + std::string(1024 * 1024, 'x') + "\na: b\n");
  CHECK_FALSE(survey(host.files(), {"/large.yml"}).has_value());
}

TEST_CASE("a copy elsewhere has no home, which relative paths need") {
  const SurveyedHost host;
  host.write("/root/gravitee.yml", "cockpit.keystore: {path: '${gravitee.home}/k.p12', password: x}\n");
  auto found = look(host, {"/root/gravitee.yml"});
  REQUIRE(found.keystores.size() == 1);
  CHECK_FALSE(found.keystores[0].path.has_value());
  CHECK_THAT(found.keystores[0].path_problem, ContainsSubstring("${gravitee.home}"));

  host.write("/root/gravitee.yml", "cockpit.keystore: {path: k.p12, password: x}\n");
  found = look(host, {"/root/gravitee.yml"});
  CHECK_THAT(found.keystores.at(0).path_problem, ContainsSubstring("relative"));

  host.write("/srv/gw/config/gravitee.yml", "cockpit.keystore: {path: k.p12, password: x}\n");
  found = look(host, {"/srv/gw/config/gravitee.yml"});
  CHECK(found.keystores.at(0).path == "/srv/gw/k.p12");
}

TEST_CASE("uses the technical API only if the daemon can reach it") {
  const SurveyedHost host;
  const auto problem_with = [&](const std::string& http) {
    host.write(kGatewayFile, "cockpit.keystore: {path: /k.p12, password: x}\nservices: {core: {http: " + http + "}}\n");
    return only_keystore(host).technical_api.problem;
  };
  const std::string users = "authentication: {users: {admin: x}}";
  CHECK(problem_with("{" + users + "}").empty());
  CHECK(problem_with("{host: '::1', port: 1234, " + users + "}").empty());
  CHECK_THAT(problem_with("{host: 10.0.0.1, " + users + "}"), ContainsSubstring("loopback"));
  CHECK_THAT(problem_with("{port: 99999, " + users + "}"), ContainsSubstring("not a URL"));
  CHECK_THAT(problem_with("{port: '${PORT}', " + users + "}"), ContainsSubstring("${PORT}"));
  CHECK_THAT(problem_with("{authentication: {users: {'a:b': x}}}"), ContainsSubstring("colon"));
  CHECK_THAT(problem_with("{enabled: false, " + users + "}"), ContainsSubstring("enabled"));
  CHECK_THAT(problem_with("{secured: true, " + users + "}"), ContainsSubstring("ca_file"));
  CHECK_THAT(problem_with("{authentication: {users: {admin: 'secret://vault/x'}}}"),
             ContainsSubstring("secret provider"));
  CHECK_THAT(problem_with("{authentication: {type: basic}}"), ContainsSubstring("users"));
  host.write(kGatewayFile,
             "cockpit.keystore: {path: /k.p12, password: x}\n"
             "services.core.http.authentication.users: {ops: pw}\n");
  CHECK(only_keystore(host).technical_api.username == "ops");
}

TEST_CASE("a host without Gravitee gives no notes") {
  const SurveyedHost host;
  host.write("/etc/systemd/system/nginx.service", "[Service]\nExecStart=/usr/sbin/nginx\n");
  const auto found = look(host);
  CHECK(found.keystores.empty());
  CHECK(found.notes.empty());
}

}  // namespace
}  // namespace renewd::setup
