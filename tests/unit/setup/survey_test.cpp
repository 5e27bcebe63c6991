// Surveys of typical hosts.
#include "setup/survey.hpp"

#include "surveys.hpp"

namespace renewd::setup {
namespace {

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

TEST_CASE("the output of the unit is where the connection to the cloud is logged") {
  struct Case {
    std::string line;
    std::string unit;  // empty: nothing is known
    std::string file;
  };
  const std::string unit(kGatewayUnit);
  for (const auto& [line, logs, file] :
       std::vector<Case>{{"", unit, ""},
                         {"StandardOutput=journal+console\n", unit, ""},
                         {"StandardOutput=append:/var/log/gateway.log\n", unit, "/var/log/gateway.log"},
                         {"StandardOutput=null\n", "", ""},
                         {"StandardOutput=null\nStandardOutput=\n", unit, ""}}) {
    CAPTURE(line);
    const SurveyedHost host;
    host.write(kGatewayFile, "cloud: {connector: {ws: {ssl: {keystore: {path: /k.p12}}}}}\n");
    host.write_stock_unit();
    host.write_drop_in(line);
    const auto keystore = only_keystore(host);
    CHECK((keystore.log ? keystore.log->unit : "") == logs);
    CHECK((keystore.log ? keystore.log->file.string() : "") == file);
  }
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
