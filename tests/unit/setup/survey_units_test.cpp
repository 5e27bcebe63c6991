// Surveys of hosts whose units have settings of their own: environment, system properties, launchers, instances.
#include "surveys.hpp"

namespace renewd::setup {
namespace {

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

}  // namespace
}  // namespace renewd::setup
