#include "bad_files.hpp"
#include "nearly_right.hpp"

namespace renewd::configuration {

BadFiles wrong_gateways() {
  return {
      {with_gateway("{}"), "3:14", "exactly one of `systemd`, `command`, `signal` or `none`"},
      {with_gateway("{verify: {timeout: 1m}}"), "3:14", "exactly one of"},
      {with_gateway("{systemd: {units: [a.service, \"\"]}}"), "3:44", "must be the full name of a service"},
      {with_gateway("{none: {}, command: {argv: [/a]}}"), "3:14", "but has `none` and `command`"},
      {with_gateway("{systemd: {}}"), "3:24", "`gateway.systemd` must have exactly one of `unit` or `units`"},
      {with_gateway("{systemd: {unit: a.service, units: [b.service]}}"), "3:24", "but has `unit` and `units`"},
      {with_gateway("{systemd: {unit: graviteeio-apim-gateway}}"), "3:31", "such as graviteeio-apim-gateway.service"},
      {with_gateway("{systemd: {unit: \"a b.service\"}}"), "3:31", "must be the full name of a service"},
      {with_gateway("{systemd: {units: [a.service, b]}}"), "3:44", "such as b.service"},
      {with_gateway("{systemd: {units: a.service}}"), "3:32", "must be a list"},
      {with_gateway("{systemd: {units: []}}"), "3:32", "must be a list of at least one"},
      {with_gateway("{systemd: {unit: a.service, action: reload}}"), "3:50", "must be `try-restart` or `restart`"},
      {with_gateway("{command: {argv: []}}"), "3:31", "`gateway.command.argv` must be a list of at least one"},
      {with_gateway("{command: {argv: /bin/true}}"), "3:31", "must be a list"},
      {with_gateway("{command: {argv: [systemctl, restart]}}"), "3:32", "the absolute path of a program"},
      {with_gateway("{command: {argv: ['']}}"), "3:32", "the absolute path of a program"},
      {with_gateway("{command: {argv: [/bin/sleep, 5]}}"), "3:44", "put it in quotes"},
      {with_gateway("{command: {argv: [/a], timeout: 0s}}"), "3:46", "must be at least 1s"},
      {with_gateway("{command: {argv: [/a], timeout: 60}}"), "3:46", "must be a duration such as 90s"},
      {with_gateway("{signal: {}}"), "3:23", "`gateway.signal` must have exactly one of `unit` or `pid_file`"},
      {with_gateway("{signal: {unit: a.service, pid_file: /p}}"), "3:23", "but has `unit` and `pid_file`"},
      {with_gateway("{signal: {pid_file: p}}"), "3:34", "must be an absolute path"},
      {with_gateway("{signal: {pid_file: /p, signal: SIGFOO}}"), "3:46", "such as SIGTERM, TERM or 15"},
      {with_gateway("{signal: {pid_file: /p, signal: 0}}"), "3:46", "must be a signal's name or number"},
      {with_gateway("{signal: {pid_file: /p, signal: 017}}"), "3:46", "as octal: write 17", kNumberSpelling},
      {with_gateway("{signal: {pid_file: /p, signal: \"015\"}}"), "3:46", "as octal: write 15"},
      {with_gateway("{signal: {pid_file: /p, signal: 00}}"), "3:46", "as octal: write 0"},
      {with_gateway("{signal: {pid_file: /p, signal: 0x0F}}"), "3:46", "a signal's name or number", kNumberSpelling},
      {with_gateway("{signal: {pid_file: /p, signal: +15}}"), "3:46", "a signal's name or number", kNumberSpelling},
      {with_gateway("{signal: {pid_file: /p, signal: 65}}"), "3:46", "must be a signal's name or number"},
      {with_gateway("{none: {a: b}}"), "3:21", "empty map"},
      {with_gateway("{none: {}, verify: {timeout: 0s}}"), "3:43", "must be at least 1s"},
  };
}

BadFiles wrong_health_checks() {
  // The map begins at 3:40, its first value at 3:46.
  const auto http = [](const std::string& keys) { return with_gateway("{none: {}, verify: {http: {" + keys + "}}}"); };
  const std::string url = "url: 'http://[::1]:1/'";
  return {
      {with_gateway("{none: {}, verify: {http: 'http://localhost'}}"), "3:40", "`gateway.verify.http` must be a map"},
      {http(""), "3:40", "the key `gateway.verify.http.url` is missing"},
      {http("url: localhost:18082"), "3:46", "`gateway.verify.http.url` is not a URL"},
      {http("url: 'http://localhost:0/'"), "3:46", "is not a URL"},
      {http("url: 'http:///health'"), "3:46", "is not a URL"},
      {http("url: 'ftp://localhost/'"), "3:46", "must start with http:// or https://"},
      {http("url: 'http://gateway:18082/'"), "3:46", "must start with https://"},
      {http("url: 'http://admin:adminadmin@localhost/'"), "3:46", "under `username` and `password`"},
      {http("url: 'http://localhost/#top'"), "3:46", "must not contain a #"},
      {http(url + ", usrname: a"), "3:65", "did you mean \"username\"?"},
      {http(url + ", username: a"), "3:65",
       "`gateway.verify.http.username` needs `gateway.verify.http.password`; give both or neither"},
      {http(url + ", password: {file: /p}"), "3:65", "`gateway.verify.http.password` needs `gateway.verify.http.user"},
      {http(url + ", password: {file: /p}, username: 'a:b'"), "3:97", "colon"},
      {http(url + ", password: hunter2, username: a"), "3:75", "{file: PATH}"},
      {http(url + ", expect_status: 99"), "3:80", "must be a whole number from 100 to 599"},
      {http(url + ", expect_status: 0xC8"), "3:80", "must be a whole number from 100 to 599", kNumberSpelling},
      {http(url + ", expect_status: 0200"), "3:80", "0200 has a leading zero", kNumberSpelling},
      {http("url: 'http://127.0.0.1:018082/'"), "3:46", "port with a leading zero"},
      {http("url: 'https://010.0.0.1/'"), "3:46", "ambiguous IP address", kAddresses},
      {http("url: 'https://2130706433/'"), "3:46", "ambiguous IP address", kAddresses},
      {http("url: 'https://gateway.0x7f/'"), "3:46", "ambiguous IP address", kAddresses},
      {http(url + ", expect_status: 600"), "3:80", "must be a whole number from 100 to 599"},
  };
}

BadFiles wrong_log_lines() {
  // The map begins at 3:39, its first value at 3:46.
  const auto log = [](const std::string& keys) { return with_gateway("{none: {}, verify: {log: {" + keys + "}}}"); };
  return {
      {with_gateway("{none: {}, verify: {log: /l}}"), "3:39", "`gateway.verify.log` must be a map"},
      {log("ready: a"), "3:39", "`gateway.verify.log` must have exactly one of `unit` or `file`"},
      {log("unit: a.service, file: /l, ready: a"), "3:39", "but has `unit` and `file`"},
      {log("unit: gateway, ready: a"), "3:46", "such as gateway.service"},
      {log("file: gateway.log, ready: a"), "3:46", "must be an absolute path"},
      {log("file: /l"), "3:39", "`gateway.verify.log` must have `ready`, `failed` or both"},
      {log("file: /l, redy: a, failed: b"), "3:50", "did you mean \"ready\"?"},
      {log("file: /l, ready: '(a'"), "3:57", "`gateway.verify.log.ready` must be a regular expression: missing ): (a",
       kExpression},
      {log("file: /l, ready: a, failed: '*'"), "3:68", "no argument for repetition operator: *", kExpression},
      {log("file: /l, ready: '.*'"), "3:57", "must not match an empty line", kExpression},
      {log("file: /l, ready: ''"), "3:57", "must not be empty"},
      {log("file: /l, ready: 200"), "3:57", "put it in quotes"},
      {log("file: /l, ready: \"(a\\n\\e\""), "3:57", "missing ): (a \\x1b", kExpression},
  };
}

BadFiles wrong_in_the_rest() {
  return {
      {with_top_level("http: {proxy: \"https://p:1\"}"), "2:15", "`http.proxy` must start with http://"},
      {with_top_level("http: {proxy: \"http://p\"}"), "2:15", "`http.proxy` must include a port"},
      {with_top_level("http: {proxy: \"http://u:hunter2@p:1\"}"), "2:15", "put it under `http.proxy_password`"},
      {with_top_level("http: {proxy: \"http://p:1\", proxy_password: {file: /p}}"), "2:29", "needs a user"},
      {with_top_level("http: {proxy_password: {file: /p}}"), "2:8", "needs a user"},
      {with_top_level("http: {ca_file: ca.pem}"), "2:17", "`http.ca_file` must be an absolute path"},
      {with_top_level("http: {connect_timeout: 61s}"), "2:8",
       "(61s) must not be longer than `http.request_timeout` (1m)", kOtherValue},
      {with_top_level("http: {connect_timeout: 0s}"), "2:25", "must be at least 1s"},
      {with_top_level("schedule: {check_every: 12}"), "2:25", "must be a duration such as 90s, 15m, 12h or 30d"},
      {with_top_level("schedule: {check_every: 012h}"), "2:25", "as octal: write 12h"},
      {with_top_level("schedule: {splay: 000s}"), "2:19", "as octal: write 0s"},
      {with_top_level("http: {proxy: \"http://010.1.2.3:3128\"}"), "2:15", "ambiguous IP address", kAddresses},
      {with_top_level("http: {proxy: \"http://p:03128\"}"), "2:15", "a port with a leading zero"},
      {with_top_level("schedule: {check_every: 0s}"), "2:25", "must be at least 1s"},
      {with_top_level("schedule: {splay: 400d}"), "2:19", "must not be longer than a year", kSizeOfDuration},
      {with_top_level("schedule: {retry_at_least: 13h}"), "2:12", "must not be longer than `schedule.retry_at_most`",
       kOtherValue},
      {with_top_level("schedule: {retry_at_most: 5s}"), "2:12", "must not be longer than `schedule.retry_at_most`",
       kOtherValue},
      {with_top_level("schedule: {requests_per_day: 0}"), "2:30", "must be a whole number from 1 to 86400"},
      {with_top_level("schedule: {requests_per_day: 012}"), "2:30", "from 1 to 86400; 012 has a leading zero",
       kNumberSpelling},
      {with_top_level("schedule: {requests_per_day: 0o14}"), "2:30", "must be a whole number", kNumberSpelling},
      {with_top_level("schedule: {requests_per_day: +12}"), "2:30", "must be a whole number", kNumberSpelling},
      {with_top_level("schedule: {requests_per_day: 1e1}"), "2:30", "must be a whole number"},
      {with_top_level("schedule: {requests_per_day: 12.0}"), "2:30", "must be a whole number"},
      {with_top_level("schedule: {requests_per_day: 1_2}"), "2:30", "must be a whole number"},
      {with_top_level("schedule: {requests_per_day: -1}"), "2:30", "must be a whole number"},
      {with_top_level("schedule: {requests_per_day: 1.5}"), "2:30", "must be a whole number"},
      {with_top_level("schedule: {requests_per_day: \"3\"}"), "2:30", "must be a whole number"},
      {with_top_level("schedule: {requests_per_day: 99999999999}"), "2:30", "must be a whole number"},
      {with_top_level("state_directory: state"), "2:18", "`state_directory` must be an absolute path"},
      {with_top_level("log: {level: wraning}"), "2:14", "did you mean \"warning\"?"},
      {with_top_level("log: {level: warn}"), "2:14", "must be `debug`, `info`, `warning` or `error`"},
      {with_top_level("log: {format: xml}"), "2:15", "`log.format` must be `auto`, `json` or `text`"},
  };
}

BadFiles wrong_metrics() {
  const auto listen = [](const std::string& address) { return with_top_level("metrics: {listen: " + address + "}"); };
  const auto textfile = [](const std::string& path) { return with_top_level("metrics: {textfile: " + path + "}"); };
  return {
      {with_top_level("metrics: true"), "2:10", "`metrics` must be a map with the keys `listen`, `allow_remote`"},
      {with_top_level("metrics: {lisen: \"[::1]:1\"}"), "2:11", "did you mean \"listen\"?"},
      {listen("9464"), "2:19", "put it in quotes"},
      {listen("':9464'"), "2:19", "must start with localhost or an IP address"},
      {listen("127.0.0.1:09464"), "2:19", "09464 has a leading zero"},
      {listen("127.0.0.1"), "2:19", "must be an address and a port from 1 to 65535, such as 127.0.0.1:9464"},
      {listen("127.0.0.1:0"), "2:19", "a port from 1 to 65535"},
      {listen("127.0.0.1:65536"), "2:19", "a port from 1 to 65535"},
      {listen("'127.0.0.1:'"), "2:19", "a port from 1 to 65535"},
      {listen("http://127.0.0.1:9464"), "2:19", "must start with localhost or an IP address"},
      {listen("gateway:9464"), "2:19", "not another name"},
      {listen("::1:9464"), "2:19", "IPv6 in brackets"},
      {listen("'[127.0.0.1]:9464'"), "2:19", "IPv6 in brackets"},
      {listen("0.0.0.0:9464"), "2:19", "`metrics.allow_remote: true`"},
      {listen("'[::]:9464'"), "2:19", "must be a loopback address"},
      {listen("'192.0.2.1:9464', allow_remote: false"), "2:19", "must be a loopback address"},
      {listen("'127.0.0.1:1', allow_remote: yes"), "2:48", "`metrics.allow_remote` must be true or false"},
      {listen("127.0.0.256:9464"), "2:19", "must start with localhost or an IP address", kAddresses},
      {listen("'[fe80::1%eth0]:9464', allow_remote: true"), "2:19", "must start with localhost or an IP address"},
      {listen("'[::1::]:9464', allow_remote: true"), "2:19", "must start with localhost or an IP address", kAddresses},
      {listen("127.0.0.1:9464, allow_remote: \"true\""), "2:49", "must be true or false, without quotes"},
      {listen("unix:run/s"), "2:19", "must have an absolute path after unix:"},
      {listen("unix:/" + std::string(107, 'a')), "2:19", "more than 107 bytes"},
      {textfile("metrics.prom"), "2:21", "`metrics.textfile` must be an absolute path"},
      {textfile("/srv/metrics.txt"), "2:21", "`metrics.textfile` must end with .prom"},
      {textfile("/srv/.prom"), "2:21", "must end with .prom"},
  };
}

BadFiles wrong_fleets() {
  // The map of etcd begins at 2:15; what is added to it, at 2:87.
  const auto with = [](const std::string& keys) {
    return with_top_level("fleet: {etcd: {endpoints: [\"https://etcd.example.com:2379\"], key: {file: /fleet-key}, " +
                          keys + "}}");
  };
  // The list begins at 2:27.
  const auto endpoints = [](const std::string& list) {
    return with_top_level("fleet: {etcd: {endpoints: " + list + ", key: {file: /fleet-key}}}");
  };
  return {
      {with_top_level("fleet: {}"), "2:8", "the key `fleet.etcd` is missing"},
      {with_top_level("fleet: {etdc: {}}"), "2:9", "did you mean \"etcd\"?"},
      {with_top_level("fleet: {etcd: {key: {file: /k}}}"), "2:15", "the key `fleet.etcd.endpoints` is missing"},
      {with_top_level("fleet: {etcd: {endpoints: [\"https://e:2379\"]}}"), "2:15", "`fleet.etcd.key` is missing"},
      {endpoints("[]"), "2:27", "must be a list of at least one text"},
      {endpoints("\"https://e:2379\""), "2:27", "must be a list"},
      {endpoints("[\"http://etcd.example.com:2379\"]"), "2:28", "must start with https://"},
      {endpoints("[etcd.example.com:2379]"), "2:28", "is not a URL such as https://etcd-1.example.com:2379"},
      {endpoints("[\"https://etcd.example.com\"]"), "2:28", "must include a port"},
      {endpoints("[\"https://e:0\"]"), "2:28", "is not a URL"},
      {endpoints("[\"https://e:02379\"]"), "2:28", "a port with a leading zero"},
      {endpoints("[\"https://e:2379/v3\"]"), "2:28", "must end with the port"},
      {endpoints("[\"https://e:2379?a=b\"]"), "2:28", "must end with the port"},
      {endpoints("[\"https://renewd:secret@e:2379\"]"), "2:28", "under `username` and `password`"},
      {endpoints("[\"https://e:1\", \"https://e:2\", \"https://e:1/\"]"), "2:27", "has https://e:1 twice", kOtherEntry},
      {with("cert_file: /c.pem"), "2:87", "`fleet.etcd.cert_file` needs `fleet.etcd.key_file`; give both or neither"},
      {with("key_file: /k.pem"), "2:87", "`fleet.etcd.key_file` needs `fleet.etcd.cert_file`"},
      {with("username: renewd"), "2:87", "`fleet.etcd.username` needs `fleet.etcd.password`"},
      {with("password: {file: /p}"), "2:87", "`fleet.etcd.password` needs `fleet.etcd.username`"},
      {with("username: \"a:b\", password: {file: /p}"), "2:97", "must not contain a colon"},
      {with("ca_file: ca.pem"), "2:96", "`fleet.etcd.ca_file` must be an absolute path"},
      {with("prefix: gravitee-renewd"), "2:95", "must begin with /"},
      {with("prefix: /"), "2:95", "must begin with /"},
      {with("prefix: /a//b"), "2:95", "between single slashes"},
      {with("prefix: \"/a b\""), "2:95", "consist of letters"},
      {with("host: a/b"), "2:93", "without / and control characters"},
      {with("host: \"a\\tb\""), "2:93", "without / and control characters"},
      {with("host: \"\""), "2:93", "must not be empty"},
      {with("second_key: {file: /fleet-key}"), "2:87", "must be another secret than `fleet.etcd.key`", kOtherValue},
      {with("restart_at_once: 0"), "2:104", "must be a whole number from 1 to 1000"},
      {with("lost_after: 15m") + "schedule: {run_by: timer}\n", "2:1", "`fleet` needs the daemon", kOtherValue},
      {with("lost_after: 0s"), "2:99", "must be at least 1s"},
      {with("takeover_after: 119s"), "2:87", "must be at least twice `http.request_timeout`, 2m", kOtherValue},
      {with("takeover_after: 5m") + "http: {request_timeout: 3m}\n", "2:87", "6m, so that", kOtherValue},
  };
}

BadFiles not_yaml() {
  return {
      {watched("keystore: {path: /k, password: {value: !vault hunter2}}"), "4:44", "tags"},
      {"certificates:\n\t- name: a\n", "2:2", "indent with spaces, not tabs"},
      {"certificates:\n  - name: a\n   token: b\n", "3:4", "check the indentation"},
      {"certificates:\n  - name: a: b\n", "2:12", "this is not YAML"},
      {"certificates:\n  - token: {file: /x\nlog: {}\n", "3:4", "missing quote or bracket"},
      {"certificates: [{name: a}]\nlog: {level: \"info\n", "3:1", "missing quote above"},
      {"log:\n  level: 'info", "3:1", "missing quote above"},
      {"a: \"\\q\"\n", "1:7", "in double quotes write \\\\ for a backslash"},
      {"a: @b\n", "1:4", "in quotes"},
      {"a: *b\n", "1:4", "in quotes"},
      {"a: 1\n---\nb: 2\n", "2:1", "a second document starts here"},
      {"# ours\n---\na: 1\n--- # more\nb: 2\n", "4:1", "a second document starts here"},
      {"our gateway\ncertificates: []\n", "1:1", "not a \"key: value\""},
      {"# ours\n\nour gateway\n\n# here\ncertificates: []\n", "3:1", "not a \"key: value\""},
      {"---\n'our gateway'\ncertificates: []\n", "2:1", "not a \"key: value\""},
      {"- ours\ncertificates: []\n", "2:1", "the value above"},
      {"{}\ncertificates: []\n", "2:1", "the value above"},
      {"a: \x01\n", "1:4", "the character 0x01 is not allowed"},
      {std::string("\xFF\xFE"
                   "a\0",
                   4),
       "1:4", "the character 0x00 is not allowed"},
      {"[a]: b\n", "1:1", "a key must be a single word"},
      {"? {a: b}\n: c\n", "1:3", "a key must be a single word"},
      {"certificates: &a [*a]\n", "1:19", "refers to a value that contains it"},
  };
}

BadFiles all_bad_files() {
  BadFiles all;
  for (const auto files :
       {unknown_keys, missing_keys, wrong_types, given_twice, wrong_in_a_certificate, wrong_secrets, wrong_windows,
        wrong_gateways, wrong_health_checks, wrong_log_lines, wrong_in_the_rest, wrong_metrics, wrong_fleets}) {
    for (BadFile& file : files()) {
      all.push_back(std::move(file));
    }
  }
  return all;
}

}  // namespace renewd::configuration
