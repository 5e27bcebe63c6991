// Valid files: defaults, every key, and the installed example.
#include <chrono>
#include <csignal>
#include <regex>
#include <sstream>

#include "configuration/loader.hpp"
#include "declared.hpp"
#include "nearly_right.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

namespace renewd::configuration {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;

// The settings of a valid file; errors end the test.
Settings settings_of(std::string_view yaml) {
  auto settings = parse(yaml);
  if (!settings) {
    for (const Diagnostic& diagnostic : settings.error()) {
      UNSCOPED_INFO(diagnostic.text("config.yaml"));
    }
    FAIL("the file has errors");
  }
  return std::move(*settings);
}

GatewaySettings gateway_of(const std::string& gateway) {
  return settings_of("certificates:\n  - {name: a, renew: never, keystore: {path: /k}, gateway: " + gateway + "}\n")
      .certificates.at(0)
      .gateway;
}

// The convention of config.yaml: "# " and a word is an explanation, like a bare "#"; any other "#" in the first column
// comments out an option.
std::string with_every_option(const std::string& example) {
  std::istringstream lines(example);
  std::string text;
  for (std::string line; std::getline(lines, line);) {
    const bool prose = std::regex_search(line, std::regex("^#( [^ ]|$)"));
    text += (line.starts_with('#') && !prose ? line.substr(1) : line) + "\n";
  }
  return text;
}

TEST_CASE("the smallest useful file gets the documented defaults") {
  const Settings settings = settings_of(R"(
certificates:
  - name: production
    account_url: https://eu.cloud.gravitee.io/management/accounts/7b6f41d3-7118-41e9-af41-d3711801e973
    token: {file: /etc/gravitee-renewd/account-token}
    keystore:
      path: /opt/graviteeio/apim/gateway/config/keystore.p12
      password: {file: /etc/gravitee-renewd/keystore-password}
    gateway:
      systemd: {unit: graviteeio-apim-gateway.service}
)");
  REQUIRE(settings.certificates.size() == 1);
  const CertificateSettings& certificate = settings.certificates[0];
  CHECK(certificate.name == "production");
  CHECK(certificate.account_id() == "7b6f41d3-7118-41e9-af41-d3711801e973");
  REQUIRE(certificate.token.has_value());
  CHECK(certificate.token->kind == SecretSource::Kind::file);
  CHECK(certificate.token->name == "/etc/gravitee-renewd/account-token");
  CHECK(certificate.keystore.path == "/opt/graviteeio/apim/gateway/config/keystore.p12");
  CHECK(certificate.keystore.type == KeystoreType::automatic);
  CHECK(certificate.keystore.password->name == "/etc/gravitee-renewd/keystore-password");
  CHECK_FALSE(certificate.keystore.ca_file.has_value());
  CHECK(certificate.renew == RenewMode::automatic);
  CHECK(std::get<seconds>(certificate.renew_before) == days{30});
  CHECK(certificate.renew_windows.empty());
  CHECK(certificate.activate_windows.empty());
  CHECK(certificate.override_windows_before == days{7});
  const auto& systemd = std::get<SystemdGateway>(certificate.gateway.action);
  CHECK(systemd.units == std::vector<std::string>{"graviteeio-apim-gateway.service"});
  CHECK(systemd.action == SystemdGateway::Action::try_restart);
  CHECK(certificate.gateway.verify_timeout == 120s);
  CHECK(certificate.gateway.rollback);
  CHECK_FALSE(settings.http.ca_file.has_value());
  CHECK_FALSE(settings.http.proxy.has_value());
  CHECK_FALSE(settings.http.proxy_password.has_value());
  CHECK(settings.http.connect_timeout == 10s);
  CHECK(settings.http.request_timeout == 60s);
  CHECK(settings.schedule.check_every == 12h);
  CHECK(settings.schedule.splay == 24h);
  CHECK(settings.schedule.retry_at_least == 1min);
  CHECK(settings.schedule.retry_at_most == 12h);
  CHECK(settings.schedule.requests_per_day == 12);
  CHECK(settings.state_directory == "/var/lib/gravitee-renewd");
  CHECK(settings.log.level == Level::info);
  CHECK(settings.log.format == LogFormat::automatic);
  CHECK_FALSE(settings.metrics.listen);
  CHECK_FALSE(settings.metrics.textfile);
}

TEST_CASE("every top-level key reaches the settings") {
  const Settings settings = settings_of(R"(
certificates: [{name: a, renew: never, keystore: {path: /k, type: pem, ca_file: /ca}, renew_before: 12.5%}]
http:
  ca_file: /etc/ca.pem
  proxy: http://renewd@proxy.example.com:3128
  proxy_password: {value: "a: b # c"}
  connect_timeout: 5s
  request_timeout: 5s
schedule: {check_every: 1h, splay: 0s, retry_at_least: 2m, retry_at_most: 2m, requests_per_day: 3}
state_directory: /srv/state
log: {level: debug, format: json}
)");
  const CertificateSettings& certificate = settings.certificates.at(0);
  CHECK(certificate.renew == RenewMode::never);
  CHECK(certificate.account_url.empty());
  CHECK_FALSE(certificate.token.has_value());
  CHECK(certificate.keystore.type == KeystoreType::pem);
  CHECK(certificate.keystore.ca_file == "/ca");
  CHECK(std::get<LifetimeShare>(certificate.renew_before).value == 0.125);
  CHECK(std::holds_alternative<NoGateway>(certificate.gateway.action));
  CHECK(settings.http.ca_file == "/etc/ca.pem");
  REQUIRE(settings.http.proxy.has_value());
  CHECK(settings.http.proxy->host == "proxy.example.com");
  CHECK(settings.http.proxy->port == 3128);
  CHECK(settings.http.proxy->user == "renewd");
  CHECK(settings.http.proxy_password->value.view() == "a: b # c");
  CHECK(settings.http.connect_timeout == 5s);
  CHECK(settings.http.request_timeout == 5s);
  CHECK(settings.schedule.check_every == 1h);
  CHECK(settings.schedule.splay == 0s);
  CHECK(settings.schedule.retry_at_least == 2min);
  CHECK(settings.schedule.retry_at_most == 2min);
  CHECK(settings.schedule.requests_per_day == 3);
  CHECK(settings.state_directory == "/srv/state");
  CHECK(settings.log.level == Level::debug);
  CHECK(settings.log.format == LogFormat::json);
}

TEST_CASE("a fleet has the documented defaults") {
  CHECK_FALSE(settings_of(with_top_level("")).fleet.etcd);
  const auto etcd = settings_of(with_top_level("fleet: {etcd: {endpoints: [\"https://e:2379\"], key: {file: /k}}}"))
                        .fleet.etcd.value();
  CHECK(etcd.endpoints == std::vector<std::string>{"https://e:2379"});
  CHECK(etcd.key->name == "/k");
  CHECK_FALSE(etcd.second_key);
  CHECK_FALSE(etcd.username);
  CHECK_FALSE(etcd.host);
  CHECK(etcd.prefix == "/gravitee-renewd");
  CHECK(etcd.restart_at_once == 1);
  CHECK(etcd.alone_after == days{3});
  CHECK(etcd.takeover_after == 15min);
  CHECK(etcd.lost_after == 10min);
}

TEST_CASE("slashes at the end of an endpoint and of the prefix have no meaning") {
  const auto etcd =
      settings_of(with_top_level("fleet: {etcd: {endpoints: [\"https://e:2379/\"], key: {file: /k}, prefix: "
                                 "/gateways/renewd//}}"))
          .fleet.etcd.value();
  CHECK(etcd.endpoints == std::vector<std::string>{"https://e:2379"});
  CHECK(etcd.prefix == "/gateways/renewd");
}

TEST_CASE("request_timeout may be shorter than the default connect_timeout") {
  CHECK(settings_of(with_top_level("http: {request_timeout: 5s}")).http.request_timeout == 5s);
}

TEST_CASE("metrics go to a port, a unix socket, or a file") {
  const auto listen_of = [](const std::string& keys) {
    return settings_of(with_top_level("metrics: {listen: " + keys + "}")).metrics.listen.value();
  };
  const std::vector<std::tuple<std::string, std::string, int>> ports{
      {"127.0.0.1:9464", "127.0.0.1", 9464},
      {"\"[::1]:65535\"", "::1", 65535},
      {"localhost:1", "127.0.0.1", 1},
      {"127.1.2.3:80", "127.1.2.3", 80},
      {"0.0.0.0:9464, allow_remote: true", "0.0.0.0", 9464},
      {"\"[::]:9464\", allow_remote: true", "::", 9464},
  };
  for (const auto& [yaml, address, port] : ports) {
    CAPTURE(yaml);
    const auto tcp = std::get<TcpAddress>(listen_of(yaml));
    CHECK(tcp.address == address);
    CHECK(tcp.port == port);
  }
  CHECK(std::get<std::filesystem::path>(listen_of("unix:/run/m.sock")) == "/run/m.sock");
  const std::string longest = "/" + std::string(106, 'a');
  CHECK(std::get<std::filesystem::path>(listen_of("unix:" + longest)) == longest);
  CHECK(settings_of(with_top_level("metrics: {textfile: /srv/a.prom}")).metrics.textfile == "/srv/a.prom");
}

TEST_CASE("maintenance windows have optional days, times and a zone") {
  const Settings settings = settings_of(with_line(R"(renew_windows:
      - {days: [sat, sun], from: "02:00", to: "05:30", timezone: Europe/Paris}
      - {from: 22:30, to: 02:00, timezone: UTC}
    activate_windows: [{days: [mon]}, {from: "00:00", to: "24:00"}, {from: 09:08}]
    override_windows_before: 2d)"));
  const CertificateSettings& certificate = settings.certificates.at(0);
  REQUIRE(certificate.renew_windows.size() == 2);
  const MaintenanceWindow& weekend = certificate.renew_windows[0];
  CHECK(weekend.days == std::bitset<7>("1000001"));  // Sunday is the lowest bit
  CHECK(weekend.from == 2h);
  CHECK(weekend.to == 5h + 30min);
  CHECK(weekend.timezone.name() == "Europe/Paris");
  // Without quotes, YAML 1.1 would read numbers with base 60 here.
  const MaintenanceWindow& night = certificate.renew_windows[1];
  CHECK(night.days.all());
  CHECK(night.from == 22h + 30min);
  CHECK(night.to == 2h);
  REQUIRE(certificate.activate_windows.size() == 3);
  const MaintenanceWindow& monday = certificate.activate_windows[0];
  CHECK(monday.days == std::bitset<7>("0000010"));
  CHECK(monday.from == 0min);
  CHECK(monday.to == 24h);
  CHECK(monday.timezone.name() == "local time");
  CHECK(certificate.activate_windows[1].to == 24h);
  CHECK(certificate.activate_windows[2].from == 9h + 8min);
  CHECK(certificate.override_windows_before == days{2});
}

TEST_CASE("every day of the week has its name") {
  const std::vector<std::string> names{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
  for (unsigned day = 0; day < names.size(); ++day) {
    const Settings settings = settings_of(with_line("renew_windows: [{days: [" + names[day] + "]}]"));
    CHECK(settings.certificates.at(0).renew_windows.at(0).days == std::bitset<7>(1U << day));
  }
}

TEST_CASE("a renewal window that is a share of the lifetime is compatible with any override") {
  const Settings settings =
      settings_of(with_line("renew_windows: [{}]\n    renew_before: 1%\n    override_windows_before: 30d"));
  CHECK(settings.certificates.at(0).override_windows_before == days{30});
}

TEST_CASE("a secret has four forms") {
  const auto token_of = [](const std::string& token) {
    return *settings_of("certificates:\n  - {name: a, account_url: https://h/a, token: " + token +
                        ", keystore: {path: /k}}\n")
                .certificates.at(0)
                .token;
  };
  const std::vector<std::tuple<std::string, SecretSource::Kind, std::string, std::string>> cases{
      {"{file: /f}", SecretSource::Kind::file, "/f", ""},
      {"{credential: account-token}", SecretSource::Kind::credential, "account-token", ""},
      {"{env: TOKEN}", SecretSource::Kind::env, "TOKEN", ""},
      {"{value: hunter2}", SecretSource::Kind::value, "", "hunter2"},
      {"{value: \"0123\"}", SecretSource::Kind::value, "", "0123"},
      {"{value: !!str 0123}", SecretSource::Kind::value, "", "0123"},
      {"{value: ' true '}", SecretSource::Kind::value, "", " true "},
  };
  for (const auto& [yaml, kind, name, value] : cases) {
    CAPTURE(yaml);
    const SecretSource token = token_of(yaml);
    CHECK(token.kind == kind);
    CHECK(token.name == name);
    CHECK(token.value.view() == value);
  }
}

TEST_CASE("a gateway has four kinds of action") {
  SECTION("units of systemd") {
    const auto gateway =
        gateway_of("{systemd: {units: [a.service, b@1.service], action: restart}, verify: {timeout: 5m}}");
    const auto& systemd = std::get<SystemdGateway>(gateway.action);
    CHECK(systemd.units == std::vector<std::string>{"a.service", "b@1.service"});
    CHECK(systemd.action == SystemdGateway::Action::restart);
    CHECK(gateway.verify_timeout == 5min);
  }
  SECTION("a command") {
    const auto command = std::get<CommandGateway>(gateway_of("{command: {argv: [/bin/a, '', \"5\"]}}").action);
    CHECK(command.argv == std::vector<std::string>{"/bin/a", "", "5"});
    CHECK(command.timeout == 60s);
    CHECK(std::get<CommandGateway>(gateway_of("{command: {argv: [/a], timeout: 2m}}").action).timeout == 2min);
  }
  SECTION("a signal to a unit or to the process of a pid file") {
    const auto unit = std::get<SignalGateway>(gateway_of("{signal: {unit: a.service}}").action);
    CHECK(std::get<std::string>(unit.target) == "a.service");
    CHECK(unit.signal == SIGTERM);
    const auto file = std::get<SignalGateway>(gateway_of("{signal: {pid_file: /run/a.pid, signal: USR1}}").action);
    CHECK(std::get<std::filesystem::path>(file.target) == "/run/a.pid");
    CHECK(file.signal == SIGUSR1);
    for (const auto& [name, number] : std::vector<std::pair<std::string, int>>{
             {"SIGTERM", SIGTERM}, {"TERM", SIGTERM}, {"SIGHUP", SIGHUP}, {"15", 15}, {"\"10\"", 10}, {"64", 64}}) {
      CAPTURE(name);
      CHECK(std::get<SignalGateway>(gateway_of("{signal: {unit: a.service, signal: " + name + "}}").action).signal ==
            number);
    }
  }
  SECTION("none") {
    CHECK(std::holds_alternative<NoGateway>(gateway_of("{none: {}}").action));
  }
}

TEST_CASE("a verification checks the units, and optionally a status and a log") {
  const auto plain = gateway_of("{none: {}, verify: {}}");
  CHECK_FALSE(plain.http_probe);
  CHECK_FALSE(plain.log_probe);
  CHECK(plain.verify_timeout == 120s);
  SECTION("a status") {
    const auto http =
        *gateway_of("{none: {}, verify: {http: {url: 'http://localhost:18082/_node/health'}}}").http_probe;
    CHECK(http.url == "http://localhost:18082/_node/health");
    CHECK(http.username.empty());
    CHECK_FALSE(http.password);
    CHECK(http.expect_status == 200);
    const auto every = *gateway_of(
                            "{none: {}, verify: {http: {url: 'https://gateway.example/health?all=1', username: admin, "
                            "password: {value: adminadmin}, expect_status: 204}}}")
                            .http_probe;
    CHECK(every.url == "https://gateway.example/health?all=1");
    CHECK(every.username == "admin");
    CHECK(every.password->value.view() == "adminadmin");
    CHECK(every.expect_status == 204);
  }
  SECTION("a log") {
    const auto file =
        *gateway_of("{none: {}, verify: {log: {file: /var/log/gateway.log, ready: 'is \\w+ ready$'}}}").log_probe;
    CHECK(std::get<std::filesystem::path>(file.target) == "/var/log/gateway.log");
    CHECK(file.ready->found_in("it is now ready"));
    CHECK_FALSE(file.failed);
    const auto unit = *gateway_of("{none: {}, verify: {log: {unit: a.service, failed: Unable}}}").log_probe;
    CHECK(std::get<std::string>(unit.target) == "a.service");
    CHECK_FALSE(unit.ready);
    CHECK(unit.failed->text() == "Unable");
  }
}

TEST_CASE("an alias repeats what its anchor names") {
  const Settings settings = settings_of(R"(
certificates:
  - {name: a, account_url: https://h/a, token: &token {file: /t}, keystore: {path: /a}, gateway: &g {command: {argv: [/x]}}}
  - {name: b, account_url: https://h/b, token: *token, keystore: {path: /b}, gateway: *g}
)");
  CHECK(settings.certificates.at(1).token->name == "/t");
  CHECK(std::get<CommandGateway>(settings.certificates.at(1).gateway.action).argv.at(0) == "/x");
}

TEST_CASE("a document end does not start a second document") {
  for (const std::string end : {"", "...\n", "...\n# after it\n", "...", "# no line end"}) {
    CAPTURE(end);
    CHECK(settings_of("---\n" + watched("keystore: {path: /k}") + end).certificates.size() == 1);
  }
}

TEST_CASE("accepts Windows line ends and a byte order mark") {
  const Settings settings = settings_of(
      "\xEF\xBB\xBF"
      "certificates:\r\n  - name: a\r\n    renew: never\r\n    keystore: {path: /k}\r\n");
  CHECK(settings.certificates.at(0).name == "a");
}

TEST_CASE("the installed example loads unchanged") {
  const Settings settings = settings_of(testing::read_file(RENEWD_EXAMPLE_CONFIGURATION));
  REQUIRE(settings.certificates.size() == 1);
  CHECK(settings.certificates[0].name == "production");
}

TEST_CASE("the installed example loads with every option, and shows the defaults") {
  const std::string example = testing::read_file(RENEWD_EXAMPLE_CONFIGURATION);
  const std::string text = with_every_option(example);
  CHECK(text != example);
  Settings all = settings_of(text);
  REQUIRE(all.certificates.size() == 5);
  const auto shown = values_of(declared(all.keys()));
  Settings by_itself;
  const auto defaults = values_of(declared(by_itself.keys()));
  CHECK(defaults.size() > 20);
  for (const auto& [name, value] : defaults) {
    CAPTURE(name);
    CHECK(shown.at(name) == value);
  }
  CHECK(all.certificates[0].renew_windows.at(0).timezone.name() == "Europe/Paris");
  CHECK(all.certificates[0].activate_windows.size() == 2);
  CHECK(all.certificates[0].gateway.http_probe);
  CHECK(all.certificates[0].gateway.log_probe);
  CHECK(std::holds_alternative<SystemdGateway>(all.certificates[1].gateway.action));
  CHECK(std::holds_alternative<CommandGateway>(all.certificates[2].gateway.action));
  CHECK(std::holds_alternative<SignalGateway>(all.certificates[3].gateway.action));
  CHECK(all.certificates[4].renew == RenewMode::never);
  CHECK(all.http.proxy_password);
  CHECK(all.metrics.listen);
  CHECK(all.fleet.etcd);
}

}  // namespace
}  // namespace renewd::configuration
