// Files that are wrong: each error with its place and with what to write instead.
#include <string>
#include <vector>

#include "configuration/loader.hpp"
#include "nearly_right.hpp"
#include "support/catch.hpp"
#include "support/environment_variable.hpp"

namespace renewd::configuration {
namespace {

struct Bad {
  std::string yaml;
  std::string place;  // "LINE:COLUMN"
  std::string message;
};

// Each file has the one error, and only that.
void check(const std::vector<Bad>& cases) {
  for (const auto& [yaml, place, message] : cases) {
    CAPTURE(yaml);
    const auto settings = parse(yaml);
    REQUIRE_FALSE(settings.has_value());
    CHECK(place_of(settings.error().front()) == place);
    CHECK_THAT(settings.error().front().message, ContainsSubstring(message));
    CHECK(settings.error().size() == 1);
  }
}

TEST_CASE("refuses unknown keys and suggests the nearest") {
  check({
      {with_top_level("schedul: {}"), "2:1", "unknown key \"schedul\"; did you mean \"schedule\"?"},
      {with_top_level("Log: {}"), "2:1", "did you mean \"log\"?"},
      {with_top_level("zzz: 1"), "2:1",
       "unknown key \"zzz\"; the keys here are `certificates`, `http`, `schedule`, `state_directory`, `log` "
       "and `metrics`"},
      {with_top_level("metricss: {}"), "2:1", "did you mean \"metrics\"?"},
      {with_top_level("schedule: {check_evry: 1h}"), "2:12", "unknown key \"check_evry\" in `schedule`; did you mean"},
      {with_line("renew_befor: 30d"), "3:5", "did you mean \"renew_before\"?"},
      {with_line("<<: {}"), "3:5", "merge keys are not understood"},
      {with_gateway("{systemd: {unti: a.service, unit: a.service}}"), "3:25", "did you mean \"unit\"?"},
      {with_gateway("{none: {}, verify: {timeut: 1s}}"), "3:34", "did you mean \"timeout\"?"},
      {watched("keystore: {path: /k, pasword: {file: /p}}"), "4:26", "did you mean \"password\"?"},
  });
}

TEST_CASE("refuses what belongs to later versions, rather than ignoring it") {
  check({
      {with_gateway("{none: {}, rollback: maybe}"), "3:35", "`gateway.rollback`"},
      {with_top_level("fleet: {etcd: {}}"), "2:1", "`fleet` is not supported by this version"},
  });
}

TEST_CASE("names the keys that are missing at the map that lacks them") {
  check({
      {"log: {level: info}\n", "1:1", "the key `certificates` is missing"},
      {"certificates:\n  - renew: never\n    keystore: {path: /k}\n", "2:5", "the key `name` is missing"},
      {"certificates:\n  - name: a\n    token: {file: /t}\n    keystore: {path: /k}\n", "2:5",
       "the key `account_url` is missing"},
      {"certificates:\n  - name: a\n    account_url: https://h/a\n    keystore: {path: /k}\n", "2:5",
       "the key `token` is missing"},
      {"certificates:\n  - name: a\n    renew: never\n", "2:5", "the key `keystore` is missing"},
      {watched("keystore: {type: pem}"), "4:15", "the key `keystore.path` is missing"},
      {with_gateway("{command: {timeout: 1s}}"), "3:24", "the key `gateway.command.argv` is missing"},
  });
}

TEST_CASE("refuses values of the wrong type") {
  check({
      {"- a\n", "1:1", "the file must be a map with the keys"},
      {"text\n", "1:1", "the file must be a map"},
      {"certificates: {name: a}\n", "1:15", "must be a list of at least one certificate"},
      {"certificates: []\n", "1:15", "must be a list of at least one certificate"},
      {"certificates:\n", "1:1", "must be a list of at least one certificate"},
      {"certificates: [a]\n", "1:16", "must be a map with the keys `name`"},
      {"certificates: [{name: [a], renew: never, keystore: {path: /k}}]\n", "1:23", "`name` must be text, not a list"},
      {"certificates: [{name: 12, renew: never, keystore: {path: /k}}]\n", "1:23",
       "reads a number here; put it in quotes"},
      {"certificates: [{name: true, renew: never, keystore: {path: /k}}]\n", "1:23", "reads true or false here"},
      {"certificates:\n  - renew: never\n    name:\n    keystore: {path: /k}\n", "3:5",
       "`name` must be text, not nothing"},
      {"certificates: [{name: \"\", renew: never, keystore: {path: /k}}]\n", "1:23", "`name` must not be empty"},
      {watched("keystore: /k"), "4:15", "`keystore` must be a map with the keys"},
      {watched("keystore:"), "4:5", "`keystore` must be a map with the keys"},
      {watched("keystore: {path: {file: /k}}"), "4:22", "`keystore.path` must be text, not a map"},
      {watched("keystore: {path: \"/k\\0\"}"), "4:22", "must not hold a zero byte"},
      {with_gateway("none"), "3:14", "`gateway` must be a map with the keys"},
      {with_gateway("{none: true}"), "3:21", "must be the empty map: none: {}"},
      {with_gateway("{none: {}, verify: 60s}"), "3:33", "`gateway.verify` must be a map"},
      {with_top_level("http: true"), "2:7", "`http` must be a map"},
      {with_top_level("state_directory: [/a]"), "2:18", "`state_directory` must be text, not a list"},
  });
}

TEST_CASE("refuses what is given twice") {
  check({
      {with_top_level("log: {}\nlog: {}"), "3:1", "`log` is given twice, first on line 2"},
      {with_line("name: b"), "3:5", "`name` is given twice, first on line 2"},
      {watched("keystore: {path: /k, path: /l}"), "4:26", "`keystore.path` is given twice"},
      {"certificates:\n  - {name: a, renew: never, keystore: {path: /k}}\n"
       "  - {name: a, renew: never, keystore: {path: /l}}\n",
       "3:12", "`name` is the same as that of the certificate on line 2"},
      {"certificates:\n  - {name: a, renew: never, keystore: {path: /k}}\n"
       "  - {name: b, renew: never, keystore: {path: //k}}\n",
       "3:39", "`keystore.path` is the same as that of the certificate on line 2"},
  });
}

TEST_CASE("refuses values that make no sense in a certificate") {
  const auto named = [](const std::string& name) {
    return "certificates: [{name: " + name + ", renew: never, keystore: {path: /k}}]\n";
  };
  const auto account = [](const std::string& url) {
    return "certificates:\n  - {name: a, token: {file: /t}, keystore: {path: /k},\n     account_url: \"" + url +
           "\"}\n";
  };
  check({
      {named("Prod"), "1:23", "`name` must consist of small letters, digits and -"},
      {named("a_b"), "1:23", "`name` must consist of"},
      {named("../a"), "1:23", "`name` must consist of"},
      {named(std::string(65, 'a')), "1:23", "at most 64"},
      {account("http://eu.cloud.gravitee.io/management/accounts/a"), "3:19", "`account_url` must begin with https://"},
      {account("https://user@h/a"), "3:19", "must not hold a user or password"},
      {account("https://h/a?b"), "3:19", "without ? or #"},
      {account("https://h"), "3:19", "must end with the account id"},
      {account("h/a"), "3:19", "is not a URL"},
      {with_line("renew: yes"), "3:12", "`renew` must be `auto` or `never`"},
      {with_line("renew: nevr"), "3:12", "did you mean \"never\"?"},
      {with_line("renew_before: 30"), "3:19", "must be a duration such as 90s, 15m, 12h or 30d, or a share"},
      {with_line("renew_before: 0d"), "3:19", "`renew_before` must be at least 1s"},
      {with_line("renew_before: 366d"), "3:19", "`renew_before` must not be longer than a year (365d)"},
      {with_line("renew_before: 0%"), "3:19", "must lie between 0% and 100%"},
      {with_line("renew_before: 100%"), "3:19", "must lie between 0% and 100%"},
      {with_line("renew_before: -5%"), "3:19", "must lie between 0% and 100%"},
      {with_line("renew_before: [30d]"), "3:19", "must be a duration"},
      {watched("keystore: {path: config/keystore.p12}"), "4:22", "`keystore.path` must be an absolute path"},
      {watched("keystore: {path: /k, type: PKCS12}"), "4:32", "did you mean \"pkcs12\"?"},
      {watched("keystore: {path: /k, type: p7b}"), "4:32", "must be `auto`, `pkcs12`, `jks` or `pem`"},
      {watched("keystore: {path: /k, ca_file: ca.pem}"), "4:35", "`keystore.ca_file` must be an absolute path"},
  });
}

TEST_CASE("refuses secrets that do not say where they are") {
  const auto password = [](const std::string& secret) {
    return watched("keystore: {path: /k, password: " + secret + "}");
  };
  check({
      {password("hunter2"), "4:36", "must be a map that says where the secret is"},
      {password("{}"), "4:36", "must have exactly one of `file`, `credential`, `env` or `value`"},
      {password("{file: /p, env: P}"), "4:36", "but has `file` and `env`"},
      {password("{file: p}"), "4:43", "`keystore.password.file` must be an absolute path"},
      {password("{file: }"), "4:37", "`keystore.password.file` must be text, not nothing"},
      {password("{credential: /run/p}"), "4:49", "must be the NAME of LoadCredential=NAME:PATH"},
      {password("{env: P=hunter2}"), "4:42", "must be the name of a variable"},
      {password("{value: 0123}"), "4:44", "reads a number here; put it in quotes"},
      {password("{value: 1e5}"), "4:44", "reads a number here"},
      {password("{value: 0x1F}"), "4:44", "reads a number here"},
      {password("{value: false}"), "4:44", "reads true or false here"},
      {password("{value: ''}"), "4:44", "must not be empty"},
      {password("{value: [hunter2]}"), "4:44", "must be text, not a list"},
      {password("{value: hunter2, value: hunter3}"), "4:53", "`keystore.password.value` is given twice"},
      {password("{value: !vault hunter2}"), "4:44", "tags (a word that begins with \"!\") are not understood"},
  });
}

TEST_CASE("refuses maintenance windows that are not what they seem") {
  const auto window = [](const std::string& keys) { return with_line("renew_windows: [{" + keys + "}]"); };
  std::string many = "renew_windows: [{}";
  for (int i = 0; i < 100; ++i) {
    many += ", {}";
  }
  check({
      {with_line("renew_windows: []"), "3:20",
       "`renew_windows` must be a list of at least one window, such as [{days:"},
      {with_line("activate_windows: {days: [sat]}"), "3:23", "`activate_windows` must be a list"},
      {with_line("activate_windows:"), "3:5", "`activate_windows` must be a list"},
      {with_line("renew_windows: [sat]"), "3:21", "`renew_windows` must be a map with the keys `days`, `from`, `to`"},
      {with_line(many + "]"), "3:20", "must not hold more than 100 windows"},
      {window("day: [sat]"), "3:22", "unknown key \"day\" in `renew_windows`; did you mean \"days\"?"},
      {window("timezne: UTC"), "3:22", "did you mean \"timezone\"?"},
      {window("from: \"01:00\", from: \"02:00\""), "3:37", "`renew_windows.from` is given twice"},
      {window("days: sat"), "3:28", "`renew_windows.days` must be a list of at least one day, such as [sat, sun]"},
      {window("days: []"), "3:28", "leave it out for every day"},
      {window("days: [sta]"), "3:29", "did you mean \"sat\"?"},
      {window("days: [mon, Tue]"), "3:34",
       "must hold days such as mon, tue, wed, thu, fri, sat or sun; did you mean "
       "\"tue\"?"},
      {window("days: [saturday]"), "3:29", "must hold days such as mon"},
      {window("days: [6]"), "3:29", "must hold days"},
      {window("days: [[sat]]"), "3:29", "must hold days"},
      {window("days: [sat, sun, sat]"), "3:39", "`renew_windows.days` holds sat twice"},
      {window("from: 2"), "3:28", "`renew_windows.from` must be a time from \"00:00\" to \"23:59\", such as \"02:30\""},
      {window("from: \"2:00\""), "3:28", "must be a time from"},
      {window("from: \"02:60\""), "3:28", "must be a time from"},
      {window("from: \"02:00:00\""), "3:28", "must be a time from"},
      {window("from: \"-2:00\""), "3:28", "must be a time from"},
      {window("from: \"02-00\""), "3:28", "must be a time from"},
      {window("from: \"24:00\""), "3:28", "must be a time from \"00:00\" to \"23:59\""},
      {window("from: [\"02:00\"]"), "3:28", "must be a time from"},
      {window("from:"), "3:22", "must be a time from"},
      {window("to: \"24:01\""), "3:26", "`renew_windows.to` must be a time from \"00:00\" to \"24:00\""},
      {window("from: \"02:00\", to: \"02:00\""), "3:21",
       "`renew_windows.from` and `renew_windows.to` must not be the same; leave both out for the whole day"},
      {window("to: \"00:00\""), "3:21", "must not be the same"},
      {window("timezone: Europe/Pari"), "3:32",
       "`renew_windows.timezone` must be the name of a time zone that this system has; did you mean \"Europe/Paris\"?"},
      {window("timezone: europe/paris"), "3:32", "did you mean \"Europe/Paris\"?"},
      {window("timezone: utc"), "3:32", "such as Europe/Paris or UTC"},
      {window("timezone: Moon/Tranquility"), "3:32", "such as Europe/Paris or UTC"},
      {window("timezone: ../../../etc/localtime"), "3:32", "must be the name of a time zone"},
      {window("timezone: 2"), "3:32", "YAML reads a number here"},
      {window("timezone:"), "3:22", "must be text, not nothing"},
      {with_line("override_windows_before: 30m"), "3:30", "`override_windows_before` must be at least 3600s"},
      {with_line("override_windows_before: 7"), "3:30", "`override_windows_before` must be a duration"},
      {with_line("override_windows_before: 366d"), "3:30", "must not be longer than a year"},
      {with_line("activate_windows: [{}]\n    override_windows_before: 30d"), "3:5",
       "`activate_windows` would never be kept: the renewal begins 30 days before expiry (`renew_before`), and windows "
       "are ignored from 30 days before it on (`override_windows_before`)"},
      {with_line("renew_windows: [{}]\n    renew_before: 5d"), "3:5", "`renew_windows` would never be kept"},
  });
}

TEST_CASE("says when no time zone can be known") {
  const testing::EnvironmentVariable nowhere("TZDIR", "/nonexistent");
  check({{with_line("renew_windows: [{timezone: America/Bogota}]"), "3:32",
          "`renew_windows.timezone` must be the name of a time zone that this system has; this system has no time "
          "zones, install tzdata"}});
}

TEST_CASE("refuses gateways that could not be told what to do") {
  check({
      {with_gateway("{}"), "3:14", "exactly one of `systemd`, `command`, `signal` or `none`"},
      {with_gateway("{verify: {timeout: 1m}}"), "3:14", "exactly one of"},
      {with_gateway("{none: {}, command: {argv: [/a]}}"), "3:14", "but has `none` and `command`"},
      {with_gateway("{systemd: {}}"), "3:24", "either `gateway.systemd.unit` or `gateway.systemd.units` must be given"},
      {with_gateway("{systemd: {unit: a.service, units: [b.service]}}"), "3:24", "must be given, not both"},
      {with_gateway("{systemd: {unit: graviteeio-apim-gateway}}"), "3:31", "such as graviteeio-apim-gateway.service"},
      {with_gateway("{systemd: {unit: \"a b.service\"}}"), "3:31", "must be a unit's full name"},
      {with_gateway("{systemd: {units: [a.service, b]}}"), "3:44", "such as b.service"},
      {with_gateway("{systemd: {units: a.service}}"), "3:32", "must be a list"},
      {with_gateway("{systemd: {units: []}}"), "3:32", "must be a list of at least one"},
      {with_gateway("{systemd: {unit: a.service, action: reload}}"), "3:50", "must be `try-restart` or `restart`"},
      {with_gateway("{command: {argv: []}}"), "3:31", "`gateway.command.argv` must be a list of at least one"},
      {with_gateway("{command: {argv: /bin/true}}"), "3:31", "must be a list"},
      {with_gateway("{command: {argv: [systemctl, restart]}}"), "3:32", "must be the absolute path of a program"},
      {with_gateway("{command: {argv: ['']}}"), "3:32", "must be the absolute path of a program"},
      {with_gateway("{command: {argv: [/bin/sleep, 5]}}"), "3:44", "put it in quotes"},
      {with_gateway("{command: {argv: [/a], timeout: 0s}}"), "3:46", "must be at least 1s"},
      {with_gateway("{command: {argv: [/a], timeout: 60}}"), "3:46", "must be a duration such as 90s"},
      {with_gateway("{signal: {}}"), "3:23", "either `gateway.signal.unit` or `gateway.signal.pid_file`"},
      {with_gateway("{signal: {unit: a.service, pid_file: /p}}"), "3:23", "not both"},
      {with_gateway("{signal: {pid_file: p}}"), "3:34", "must be an absolute path"},
      {with_gateway("{signal: {pid_file: /p, signal: SIGFOO}}"), "3:46", "such as SIGTERM, TERM or 15"},
      {with_gateway("{signal: {pid_file: /p, signal: 0}}"), "3:46", "must be a signal's name or number"},
      {with_gateway("{signal: {pid_file: /p, signal: 65}}"), "3:46", "must be a signal's name or number"},
      {with_gateway("{none: {a: b}}"), "3:21", "must be the empty map"},
      {with_gateway("{none: {}, verify: {timeout: 0s}}"), "3:43", "must be at least 1s"},
  });
}

TEST_CASE("refuses a health check that could not work") {
  // The map begins at 3:40, its first value at 3:46.
  const auto http = [](const std::string& keys) { return with_gateway("{none: {}, verify: {http: {" + keys + "}}}"); };
  const std::string url = "url: 'http://[::1]:1/'";
  check({
      {with_gateway("{none: {}, verify: {http: 'http://localhost'}}"), "3:40", "`gateway.verify.http` must be a map"},
      {http(""), "3:40", "the key `gateway.verify.http.url` is missing"},
      {http("url: localhost:18082"), "3:46",
       "`gateway.verify.http.url` is not a URL; it looks like http://localhost:18082/_node/health"},
      {http("url: 'http://localhost:0/'"), "3:46", "is not a URL"},
      {http("url: 'http:///health'"), "3:46", "is not a URL"},
      {http("url: 'ftp://localhost/'"), "3:46", "must begin with http:// or https://"},
      {http("url: 'http://gateway:18082/'"), "3:46", "must begin with https:// (http is accepted for loopback"},
      {http("url: 'http://admin:adminadmin@localhost/'"), "3:46", "they go under `username` and `password`"},
      {http("url: 'http://localhost/#top'"), "3:46", "must not have a #"},
      {http(url + ", usrname: a"), "3:65", "did you mean \"username\"?"},
      {http(url + ", username: a"), "3:65", "`gateway.verify.http.username` needs `gateway.verify.http.password`"},
      {http(url + ", password: {file: /p}"), "3:65", "`gateway.verify.http.password` needs `gateway.verify.http.user"},
      {http(url + ", password: {file: /p}, username: 'a:b'"), "3:97", "must not have a colon"},
      {http(url + ", password: hunter2, username: a"), "3:75", "must be a map that says where the secret is"},
      {http(url + ", expect_status: 99"), "3:80", "must be a whole number from 100 to 599"},
      {http(url + ", expect_status: 600"), "3:80", "must be a whole number from 100 to 599"},
  });
}

TEST_CASE("refuses log lines to look for that could not work") {
  // The map begins at 3:39, its first value at 3:46.
  const auto log = [](const std::string& keys) { return with_gateway("{none: {}, verify: {log: {" + keys + "}}}"); };
  check({
      {with_gateway("{none: {}, verify: {log: /l}}"), "3:39", "`gateway.verify.log` must be a map"},
      {log("ready: a"), "3:39", "either `gateway.verify.log.unit` or `gateway.verify.log.file` must be given"},
      {log("unit: a.service, file: /l, ready: a"), "3:39", "must be given, not both"},
      {log("unit: gateway, ready: a"), "3:46", "such as gateway.service"},
      {log("file: gateway.log, ready: a"), "3:46", "must be an absolute path"},
      {log("file: /l"), "3:39", "`gateway.verify.log.ready` or `gateway.verify.log.failed` must be given, or both"},
      {log("file: /l, redy: a, failed: b"), "3:50", "did you mean \"ready\"?"},
      {log("file: /l, ready: '(a'"), "3:57", "`gateway.verify.log.ready` must be a regular expression: missing ): (a"},
      {log("file: /l, ready: a, failed: '*'"), "3:68", "no argument for repetition operator: *"},
      {log("file: /l, ready: '.*'"), "3:57", "must not match an empty line; it would match every line"},
      {log("file: /l, ready: ''"), "3:57", "must not be empty"},
      {log("file: /l, ready: 200"), "3:57", "put it in quotes"},
      {log("file: /l, ready: \"(a\\n\\e\""), "3:57", "missing ): (a \\x1b"},
  });
}

TEST_CASE("refuses values that make no sense in the rest of the file") {
  check({
      {with_top_level("http: {proxy: \"https://p:1\"}"), "2:15", "`http.proxy` must begin with http://"},
      {with_top_level("http: {proxy: \"http://p\"}"), "2:15", "`http.proxy` must name the port"},
      {with_top_level("http: {proxy: \"http://u:hunter2@p:1\"}"), "2:15", "put it under `http.proxy_password`"},
      {with_top_level("http: {proxy: \"http://p:1\", proxy_password: {file: /p}}"), "2:29", "needs a user"},
      {with_top_level("http: {proxy_password: {file: /p}}"), "2:8", "needs a user"},
      {with_top_level("http: {ca_file: ca.pem}"), "2:17", "`http.ca_file` must be an absolute path"},
      {with_top_level("http: {connect_timeout: 61s}"), "2:8",
       "(61s) must not be longer than `http.request_timeout` (60s)"},
      {with_top_level("http: {connect_timeout: 0s}"), "2:25", "must be at least 1s"},
      {with_top_level("schedule: {check_every: 12}"), "2:25", "must be a duration such as 90s, 15m, 12h or 30d"},
      {with_top_level("schedule: {check_every: 0s}"), "2:25", "must be at least 1s"},
      {with_top_level("schedule: {splay: 400d}"), "2:19", "must not be longer than a year"},
      {with_top_level("schedule: {retry_at_least: 13h}"), "2:12", "must not be longer than `schedule.retry_at_most`"},
      {with_top_level("schedule: {retry_at_most: 5s}"), "2:12", "must not be longer than `schedule.retry_at_most`"},
      {with_top_level("schedule: {requests_per_day: 0}"), "2:30", "must be a whole number from 1 to 86400"},
      {with_top_level("schedule: {requests_per_day: -1}"), "2:30", "must be a whole number"},
      {with_top_level("schedule: {requests_per_day: 1.5}"), "2:30", "must be a whole number"},
      {with_top_level("schedule: {requests_per_day: \"3\"}"), "2:30", "must be a whole number"},
      {with_top_level("schedule: {requests_per_day: 99999999999}"), "2:30", "must be a whole number"},
      {with_top_level("state_directory: state"), "2:18", "`state_directory` must be an absolute path"},
      {with_top_level("log: {level: wraning}"), "2:14", "did you mean \"warning\"?"},
      {with_top_level("log: {level: warn}"), "2:14", "must be `debug`, `info`, `warning` or `error`"},
      {with_top_level("log: {format: xml}"), "2:15", "`log.format` must be `auto`, `json` or `text`"},
  });
}

TEST_CASE("refuses places for metrics that could not be used, or that others could reach") {
  const auto listen = [](const std::string& address) { return with_top_level("metrics: {listen: " + address + "}"); };
  const auto textfile = [](const std::string& path) { return with_top_level("metrics: {textfile: " + path + "}"); };
  check({
      {with_top_level("metrics: true"), "2:10", "`metrics` must be a map with the keys `listen`, `allow_remote`"},
      {with_top_level("metrics: {lisen: \"[::1]:1\"}"), "2:11", "did you mean \"listen\"?"},
      {listen("9464"), "2:19", "put it in quotes"},
      {listen("':9464'"), "2:19", "must begin with an address of this host"},
      {listen("127.0.0.1"), "2:19", "must be an address and a port from 1 to 65535, such as 127.0.0.1:9464"},
      {listen("127.0.0.1:0"), "2:19", "a port from 1 to 65535"},
      {listen("127.0.0.1:65536"), "2:19", "a port from 1 to 65535"},
      {listen("'127.0.0.1:'"), "2:19", "a port from 1 to 65535"},
      {listen("http://127.0.0.1:9464"), "2:19", "must begin with an address of this host"},
      {listen("gateway:9464"), "2:19", "a name is not looked up"},
      {listen("::1:9464"), "2:19", "an IPv6 address in brackets"},
      {listen("'[127.0.0.1]:9464'"), "2:19", "an IPv6 address in brackets"},
      {listen("0.0.0.0:9464"), "2:19", "to serve other hosts all the same, write `metrics.allow_remote: true`"},
      {listen("'[::]:9464'"), "2:19", "must be a loopback address"},
      {listen("'192.0.2.1:9464', allow_remote: false"), "2:19", "must be a loopback address"},
      {listen("'127.0.0.1:1', allow_remote: yes"), "2:48", "`metrics.allow_remote` must be `true` or `false`"},
      {listen("unix:run/s"), "2:19", "must have an absolute path after unix:"},
      {listen("unix:/" + std::string(107, 'a')), "2:19", "more than 107 bytes"},
      {textfile("metrics.prom"), "2:21", "`metrics.textfile` must be an absolute path"},
      {textfile("/srv/metrics.txt"), "2:21", "`metrics.textfile` must end with .prom"},
      {textfile("/srv/.prom"), "2:21", "must end with .prom"},
  });
}

TEST_CASE("explains what is not YAML") {
  check({
      {"certificates:\n\t- name: a\n", "2:2", "indent with spaces, not tabs"},
      {"certificates:\n  - name: a\n   token: b\n", "3:4", "look at the indentation"},
      {"certificates:\n  - name: a: b\n", "2:12", "this is not YAML"},
      {"certificates:\n  - token: {file: /x\nlog: {}\n", "3:4", "missing quote or bracket"},
      {"certificates: [{name: a}]\nlog: {level: \"info\n", "3:1", "look for the missing quote above"},
      {"log:\n  level: 'info", "3:1", "look for the missing quote above"},
      {"a: \"\\q\"\n", "1:7", "in double quotes write \\\\ for a backslash"},
      {"a: @b\n", "1:4", "in quotes"},
      {"a: *b\n", "1:4", "in quotes"},
      {"a: 1\n---\nb: 2\n", "2:1", "a second document begins here"},
      {"a: \x01\n", "1:4", "the character 0x01 is not allowed"},
      {std::string("\xFF\xFE"
                   "a\0",
                   4),
       "1:4", "the character 0x00 is not allowed"},
      {"[a]: b\n", "1:1", "a key must be a single word"},
      {"? {a: b}\n: c\n", "1:3", "a key must be a single word"},
      {"certificates: &a [*a]\n", "1:19", "refers to the value that it is a part of"},
  });
}

}  // namespace
}  // namespace renewd::configuration
